<?php
/**
 * Moderators' words in wp-admin, sent back to the service: it hears what they contradict or confirm, and can learn from it.
 *
 * Only comments that were sent to the service, or are about to be, are spoken of. A moderator goes by a pseudonym.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * Feedback.
 */
final class Feedback {

	const BUDGET = 5; // Seconds at the end of a moderator's request; WP-Cron does the rest.

	/** @var int[] Comments whose words are to be sent at the end of this request. */
	private static $noted = array();

	/** @var bool Whether anything is to be sent at the end of this request. */
	private static $ending = false;

	/** Hook in. */
	public static function register(): void {
		add_action( 'transition_comment_status', array( self::class, 'note' ), 10, 3 );
	}

	/**
	 * Note a human's word. It is kept until the service has heard it.
	 *
	 * @param string      $new_status The new status: approved, unapproved, spam, trash or delete.
	 * @param string      $old_status The one before.
	 * @param \WP_Comment $comment    The comment.
	 */
	public static function note( $new_status, $old_status, $comment ): void {
		$id   = (int) $comment->comment_ID;
		$word = self::word( (string) $new_status, (string) $old_status );
		if ( null === $word || $new_status === $old_status || ! self::is_human( $id ) || Settings::stopped() ) {
			return;
		}
		$note = static function ( Record $record ) use ( $id, $word ): bool {
			if ( ! $record->exists() ) {
				return false;
			}
			$record->save(
				$record->state,
				array(
					'human' => true,
					'by'    => get_current_user_id(),
					'actor' => '', // Whoever decided before them.
				)
			);
			if ( '' === $record->details['id'] && ! $record->undecided() ) {
				return false; // The service never took it.
			}
			update_comment_meta( $id, Record::FEEDBACK, wp_slash( $word ) );
			return true;
		};
		if ( $note( Record::of( $id ) ) ) {
			self::$noted[] = $id;
			Queue::soon();
			self::send_at_the_end();
		}
	}

	/** Send what there is once the present request has been answered, or nearly so. */
	public static function send_at_the_end(): void {
		if ( ! self::$ending ) {
			self::$ending = true;
			add_action( 'shutdown', array( self::class, 'send_noted' ) );
		}
	}

	/** Send this request's words and erasures, for a little while; what fails or is left over is WP-Cron's. */
	public static function send_noted(): void {
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		}
		$began   = microtime( true );
		$failure = Queue::erase( $began + self::BUDGET );
		foreach ( array_unique( self::$noted ) as $id ) {
			if ( $failure || microtime( true ) - $began > self::BUDGET ) {
				break;
			}
			$answer  = self::send( $id );
			$failure = $answer && $answer->retry() ? $answer : null;
		}
		if ( $failure ) {
			Queue::later( $failure );
		}
	}

	/**
	 * Send the word that is noted for a comment, if the service knows the comment by now.
	 *
	 * @param int $id The comment's number.
	 */
	public static function send( int $id ): ?Answer {
		$record = Record::of( $id );
		$word   = $record->feedback();
		if ( null === $word || '' === $record->details['id'] ) {
			return null;
		}
		$answer = Client::decide( $record->details['id'], $word );
		if ( $answer->retry() ) {
			return $answer;
		}
		Record::locked(
			$id,
			static function ( Record $record ) use ( $id, $word, $answer ): void {
				// Not if a later word has taken its place meanwhile.
				delete_comment_meta( $id, Record::FEEDBACK, wp_slash( $word ) );
				if ( ! $answer->ok() ) {
					$record->save( $record->state, array( 'detail' => $answer->detail ) );
					return;
				}
				$record->save(
					in_array( $answer->data['state'] ?? '', Record::DECIDED, true ) ? $answer->data['state'] : $record->state,
					array(
						'revision' => max( (int) $record->details['revision'], (int) ( $answer->data['revision'] ?? 0 ) ),
						'actor'    => is_string( $answer->data['decision']['actor'] ?? null ) ? sanitize_text_field( $answer->data['decision']['actor'] ) : '',
						'detail'   => '',
					)
				);
			}
		);
		return $answer;
	}

	/** Whether the change that is under way is a human's, made in wp-admin, by the REST API or by WP-CLI. */
	private static function is_human( int $comment_id ): bool {
		if ( Decisions::applying() || wp_doing_cron() || ( defined( 'WP_IMPORTING' ) && WP_IMPORTING ) ) {
			return false;
		}
		return ( defined( 'WP_CLI' ) && WP_CLI ) || current_user_can( 'edit_comment', $comment_id );
	}

	/**
	 * What a change of status says, in the service's words. Trash says that the comment is unwanted, not why.
	 *
	 * @return array<string,mixed>|null
	 */
	private static function word( string $new_status, string $old_status ): ?array {
		$words = array(
			'approved'   => array( 'approve', array(), '' ),
			'unapproved' => array( 'hold', array(), 'spam' === $old_status ? 'Not spam, but held.' : '' ),
			'spam'       => array( 'reject', array( 'spam' ), '' ),
			'trash'      => array( 'reject', array( 'other' ), 'Put in the trash.' ),
		);
		if ( ! isset( $words[ $new_status ] ) ) {
			return null;
		}
		list( $decision, $reasons, $note ) = $words[ $new_status ];
		return array(
			'decision'  => $decision,
			'reasons'   => $reasons,
			'note'      => $note,
			'moderator' => self::pseudonym(),
		);
	}

	/** The same moderator is always called the same, and nobody can tell from the name who it is. */
	private static function pseudonym(): string {
		$user = get_current_user_id();
		return 'wp-' . ( $user ? substr( hash_hmac( 'sha256', "antechamber moderator $user", wp_salt( 'auth' ) ), 0, 12 ) : 'command-line' );
	}

	/** Whether a moderator whom the service names is one of ours. */
	public static function is_ours( string $moderator ): bool {
		return 1 === preg_match( '/\Awp-(?:[0-9a-f]{12}|command-line)\z/', $moderator );
	}
}
