<?php
/**
 * What we know of one comment's way through the service, kept as comment meta; and the lock under which it changes.
 *
 * Three rows: `_antechamber_state` (a word, for queries), `_antechamber` (all the rest, an array), and while a human's word
 * has not reached the service yet, `_antechamber_feedback` (that word; only the last one counts).
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * The record of a comment.
 */
final class Record {

	const STATE    = '_antechamber_state';
	const DETAILS  = '_antechamber';
	const FEEDBACK = '_antechamber_feedback';

	/** The service has not taken it yet. */
	const WAITING = 'waiting';
	/** The service has it, and has not decided. */
	const PENDING = 'pending';
	/** The service will not take it; a moderator decides. */
	const REFUSED = 'refused';
	/** We have given up trying; a moderator decides. */
	const ABANDONED = 'abandoned';

	/** The service's own words for a decided comment. */
	const DECIDED = array( 'approved', 'flagged', 'rejected' );

	const DEFAULTS = array(
		'id'          => '',         // The service's id of the comment.
		'name'        => '',         // Our name for it, as it was sent; earlier versions noted none.
		'seal'        => '',         // What the service says text and page by that it was sent.
		'revision'    => 0,          // The last revision that we have heard of; older news is no news.
		'reasons'     => array(),
		'scores'      => array(),
		'model'       => '',
		'actor'       => '',
		'applied'     => '0',        // The status that we gave the comment. Any other was given by somebody else.
		'human'       => false,      // A human has decided about it in wp-admin.
		'by'          => 0,          // … and which account that was; 0: none, as at the command line.
		'others_hold' => false,      // Another plugin wants it held, whatever the service says.
		'since'       => 0,          // When it was first to be sent.
		'told'        => false,      // Moderators have been told that it waits for them.
		'detail'      => '',         // What the last failure said.
		'text'        => '',         // Digest of what was judged, or of what a moderator at the service made of it.
		'original'    => null,       // The author's words, while a moderator's edit stands in their place.
	);

	/** Seconds after which a lock's holder is taken to be dead. */
	const STALE = 30;

	/** @var int */
	public $comment_id;

	/** @var string One of the words above; empty when there is no record. */
	public $state;

	/** @var array<string,mixed> See DEFAULTS. */
	public $details;

	private function __construct( int $comment_id, string $state, array $details ) {
		$this->comment_id = $comment_id;
		$this->state      = $state;
		$this->details    = $details;
	}

	/** The record of a comment; `exists()` says whether there is one. */
	public static function of( int $comment_id ): self {
		$details = get_comment_meta( $comment_id, self::DETAILS, true );
		$details = array_merge( self::DEFAULTS, is_array( $details ) ? $details : array() );
		return new self( $comment_id, (string) get_comment_meta( $comment_id, self::STATE, true ), $details );
	}

	/** Whether the comment has anything to do with the service. */
	public function exists(): bool {
		return '' !== $this->state;
	}

	/** Whether no decision is known yet. */
	public function undecided(): bool {
		return self::WAITING === $this->state || self::PENDING === $this->state;
	}

	/**
	 * Change the record.
	 *
	 * @param string              $state   The new state.
	 * @param array<string,mixed> $changes Details that change.
	 */
	public function save( string $state, array $changes = array() ): void {
		$this->state   = $state;
		$this->details = array_merge( $this->details, $changes );
		update_comment_meta( $this->comment_id, self::DETAILS, wp_slash( $this->details ) );
		update_comment_meta( $this->comment_id, self::STATE, $state );
		if ( '' === $this->details['id'] && ! $this->undecided() ) {
			delete_comment_meta( $this->comment_id, self::FEEDBACK ); // The service will never know what it is about.
		}
	}

	/** Forget everything, once the service has erased its part. */
	public function forget(): void {
		foreach ( array( self::STATE, self::DETAILS, self::FEEDBACK ) as $key ) {
			delete_comment_meta( $this->comment_id, $key );
		}
	}

	/** Forget every record there is, and every erasure that waits. */
	public static function forget_all(): void {
		global $wpdb;
		foreach ( array( self::STATE, self::DETAILS, self::FEEDBACK ) as $key ) {
			delete_metadata( 'comment', 0, $key, '', true );
		}
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- the options API has no search.
		foreach ( $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( Queue::ERASURE ) . '%' ) ) as $name ) {
			delete_option( $name );
		}
	}

	/**
	 * The human's word that is still to be sent; null when there is none.
	 *
	 * @return array<string,mixed>|null
	 */
	public function feedback(): ?array {
		$word = get_comment_meta( $this->comment_id, self::FEEDBACK, true );
		return is_array( $word ) ? $word : null;
	}

	/**
	 * Do something while nobody else changes the record of a comment: a call-back may come in while the request that sent
	 * the comment still waits for its answer.
	 *
	 * @param int      $comment_id The comment.
	 * @param callable $work       Gets the record, freshly read; what it returns is returned.
	 * @return mixed|null Null when the lock could not be had in time; then nothing was done.
	 */
	public static function locked( int $comment_id, callable $work ) {
		$lock = 'antechamber_lock_' . $comment_id;
		for ( $tries = 0; ! self::take( $lock ); $tries++ ) {
			if ( $tries >= 100 ) {
				return null;
			}
			usleep( 20000 );
		}
		try {
			clean_comment_cache( $comment_id );
			wp_cache_delete( $comment_id, 'comment_meta' );
			return $work( self::of( $comment_id ) );
		} finally {
			self::release( $lock );
		}
	}

	/** One row that only one process can insert; core's own upgrader locks in the same way. */
	private static function take( string $lock ): bool {
		global $wpdb;
		$now = time();
		// phpcs:disable WordPress.DB.DirectDatabaseQuery -- the options API can't tell who came first.
		$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name = %s AND option_value < %d", $lock, $now - self::STALE ) );
		return 1 === $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $wpdb->options (option_name, option_value, autoload) VALUES (%s, %d, 'no')", $lock, $now ) );
		// phpcs:enable
	}

	private static function release( string $lock ): void {
		global $wpdb;
		$wpdb->delete( $wpdb->options, array( 'option_name' => $lock ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	}
}
