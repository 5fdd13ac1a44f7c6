<?php
/**
 * Carrying out what the service decided, with two rules above it: a human's word in wp-admin is final for machines, and
 * what the site's own Discussion settings hold stays held.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * Decisions, applied.
 */
final class Decisions {

	/** News that answers the posting of a comment, while somebody waits and core is about to mail. */
	const POSTED = 'posted';
	/** News that we asked for. */
	const ASKED = 'asked';
	/** News that came by itself. */
	const TOLD = 'told';

	/** @var bool Whether the change of status that is under way is our own. */
	private static $applying = false;

	/** @var bool Whether WordPress is about to send the mails about a new comment itself. */
	private static $core_will_mail = false;

	/** Hook in. */
	public static function register(): void {
		add_filter( 'notify_moderator', array( self::class, 'hold_back_mail' ), 10, 2 );
		add_filter( 'notify_post_author', array( self::class, 'mail_only_once' ) );
	}

	/** Whether the change of status that is under way is our own, and so nobody's word. */
	public static function applying(): bool {
		return self::$applying;
	}

	/**
	 * Take in what the service says of a comment.
	 *
	 * @param int                 $comment_id The comment.
	 * @param array<string,mixed> $view       The comment as the service shows or tells it.
	 * @param string              $how        POSTED, ASKED or TOLD.
	 * @param bool                $sent       Whether it answers what we have just sent.
	 * @return string What became of it: `applied`, `recorded` (nothing to change), `kept` (somebody else's word stands),
	 *                `old` (already known), `unknown` (no such comment, or none of ours), `another` (it is about another text or
	 *                page than ours), `busy` (try again).
	 */
	public static function take( int $comment_id, array $view, string $how, bool $sent = false ): string {
		$word = Record::locked(
			$comment_id,
			static function ( Record $record ) use ( $view, $how, $sent ): string {
				return self::take_locked( $record, $view, $how, $sent );
			}
		);
		return null === $word ? 'busy' : $word;
	}

	private static function take_locked( Record $record, array $view, string $how, bool $sent ): string {
		$comment = get_comment( $record->comment_id );
		if ( ! $comment || ! $record->exists() ) {
			return 'unknown';
		}
		if ( ! $sent && ! Client::is_about( $comment, $record, is_string( $view['seal'] ?? null ) ? $view['seal'] : '', self::TOLD === $how ) ) {
			return 'another';
		}
		$revision = (int) ( $view['revision'] ?? 0 );
		// What we asked for is news as long as we know of no decision, even if the service has begun to count anew.
		if ( $revision <= $record->details['revision'] && ( self::TOLD === $how || ! $record->undecided() ) ) {
			return 'old';
		}
		$decision = is_array( $view['decision'] ?? null ) ? $view['decision'] : array();
		$state    = in_array( $view['state'] ?? '', Record::DECIDED, true ) ? $view['state'] : Record::PENDING;
		$known    = array_merge( self::known( $view, $decision ), array( 'revision' => $revision ) );
		$may      = self::may_change( $record, $comment, $known['actor'] );
		if ( $may && 'approved' === $state ) {
			$comment = self::show_words( $comment, $record, $view ); // The site's own rules look at what readers will see.
		}
		$status = self::status( $state, $decision, $comment, $record );
		if ( null === $status ) {
			$record->save( $state, $known );
			return 'recorded';
		}
		if ( ! $may ) {
			$record->save( $state, $known );
			return 'kept';
		}
		$record->save( $state, array_merge( $known, array( 'applied' => $status ) ) );
		self::set_status( $comment, $status, $record, self::POSTED === $how );
		if ( '0' === $status && self::POSTED !== $how ) {
			self::tell_moderators( $record );
		}
		return 'applied';
	}

	/**
	 * Put the reasons and numbers of a decision into the record's own form, allowing nothing else in.
	 *
	 * @return array<string,mixed>
	 */
	private static function known( array $view, array $decision ): array {
		$reasons = array();
		foreach ( array_slice( is_array( $decision['reasons'] ?? null ) ? $decision['reasons'] : array(), 0, 20 ) as $reason ) {
			if ( is_array( $reason ) && is_string( $reason['code'] ?? null ) ) {
				$reasons[] = array(
					'code' => sanitize_text_field( $reason['code'] ),
					'text' => sanitize_text_field( is_string( $reason['text'] ?? null ) ? $reason['text'] : '' ),
				);
			}
		}
		$scores = array();
		foreach ( array_slice( is_array( $decision['scores'] ?? null ) ? $decision['scores'] : array(), 0, 50 ) as $label => $score ) {
			if ( is_string( $label ) && is_numeric( $score ) ) {
				$scores[ sanitize_key( $label ) ] = round( (float) $score, 4 );
			}
		}
		return array(
			'id'      => sanitize_key( is_string( $view['id'] ?? null ) ? $view['id'] : '' ),
			'seal'    => preg_replace( '/[^A-Za-z0-9+\/=, ]/', '', is_string( $view['seal'] ?? null ) ? $view['seal'] : '' ),
			'reasons' => $reasons,
			'scores'  => $scores,
			'model'   => sanitize_text_field( is_string( $decision['model'] ?? null ) ? $decision['model'] : '' ),
			'actor'   => sanitize_text_field( is_string( $decision['actor'] ?? null ) ? $decision['actor'] : '' ),
			'detail'  => '',
		);
	}

	/** The status that a decision means here; null for none. */
	private static function status( string $state, array $decision, \WP_Comment $comment, Record $record ): ?string {
		switch ( $state ) {
			case 'approved':
				return self::site_would_publish( $comment, $record ) ? '1' : '0';
			case 'flagged':
				return '0';
			case 'rejected':
				$first = $decision['reasons'][0]['code'] ?? '';
				// Without a trash, WordPress deletes what is put there: the spam folder keeps it.
				return 'spam' === $first || ! EMPTY_TRASH_DAYS ? 'spam' : 'trash';
		}
		return null;
	}

	/**
	 * Whether a decision may change the comment. A machine's may only while the comment is as we left it. A human's at the
	 * service may also follow a human's here, being the later one; but what comes back to us of our own moderators is old.
	 */
	private static function may_change( Record $record, \WP_Comment $comment, string $actor ): bool {
		if ( null !== $record->feedback() ) {
			return false; // A word from here is still on its way there, so it is the later one.
		}
		$untouched = ! $record->details['human'] && $comment->comment_approved === $record->details['applied'];
		return $untouched || '' !== self::their_human( $actor );
	}

	/**
	 * Who decided, if that was a human elsewhere: "moderator:mo" has an account at the service, "platform:blog/mo" speaks
	 * through another tool with the site's key. Empty for machines, and for our own moderators.
	 */
	public static function their_human( string $actor ): string {
		$human = 1 === preg_match( '/\A(?:moderator:|platform:[a-z0-9-]+\/)(.+)\z/', $actor, $found );
		return $human && ! Feedback::is_ours( $found[1] ) ? $found[1] : '';
	}

	/** Whether the site's own Discussion settings, and other plugins, let a comment be published that the service approves. */
	private static function site_would_publish( \WP_Comment $comment, Record $record ): bool {
		if ( $record->details['others_hold'] ) {
			return false;
		}
		$newcomers_too = static function () {
			return '0';
		};
		if ( Settings::trust_new() ) {
			add_filter( 'pre_option_comment_previously_approved', $newcomers_too );
		}
		$slashed = wp_slash( $comment->to_array() );
		$passes  = check_comment(
			$slashed['comment_author'],
			$slashed['comment_author_email'],
			$slashed['comment_author_url'],
			$slashed['comment_content'],
			$slashed['comment_author_IP'],
			$slashed['comment_agent'],
			$slashed['comment_type']
		);
		remove_filter( 'pre_option_comment_previously_approved', $newcomers_too );
		return (bool) $passes;
	}

	/** Give a comment a status as the machine, so that nobody takes it for a human's word. */
	private static function set_status( \WP_Comment $comment, string $status, Record $record, bool $core_will_mail ): void {
		if ( $comment->comment_approved === $status ) {
			return;
		}
		self::$applying       = true;
		self::$core_will_mail = $core_will_mail;
		try {
			if ( 'spam' === $status ) {
				wp_spam_comment( $comment );
			} elseif ( 'trash' === $status ) {
				wp_trash_comment( $comment );
			} else {
				wp_set_comment_status( $comment, $status );
			}
			if ( 'spam' === $status || 'trash' === $status ) {
				// "Not spam" and "Restore" bring back what the site's own rules say, not the wait for our decision.
				update_comment_meta( (int) $comment->comment_ID, '_wp_trash_meta_status', self::site_would_publish( $comment, $record ) ? '1' : '0' );
			}
		} finally {
			self::$applying       = false;
			self::$core_will_mail = false;
		}
	}

	/**
	 * Put a moderator's edit in the place of the author's words, or these back; the author's are kept beside it. Words that
	 * somebody has changed here since stand.
	 *
	 * @param \WP_Comment        $comment The comment.
	 * @param Record             $record  Its record.
	 * @param array<string,mixed> $view    The comment as the service shows or tells it.
	 */
	private static function show_words( \WP_Comment $comment, Record $record, array $view ): \WP_Comment {
		$edit     = is_array( $view['edit'] ?? null ) ? $view['edit'] : array();
		$original = $record->details['original'];
		$wanted   = is_string( $edit['content'] ?? null ) ? $edit['content'] : $original;
		if ( ! is_string( $wanted ) || $wanted === $comment->comment_content || Intake::text( $comment ) !== $record->details['text'] ) {
			return $comment;
		}
		self::$applying = true;
		try {
			wp_update_comment(
				array(
					'comment_ID'      => $comment->comment_ID,
					'comment_content' => wp_slash( $wanted ),
				)
			);
		} finally {
			self::$applying = false;
		}
		$now = get_comment( (int) $comment->comment_ID );
		if ( ! $now ) {
			return $comment;
		}
		$record->save(
			$record->state,
			array(
				'text'     => Intake::text( $now ),
				'original' => $edit ? ( $original ?? $comment->comment_content ) : null,
			)
		);
		return $now;
	}

	/** Hold a comment for as long as nothing is known of it. */
	public static function hold( \WP_Comment $comment, Record $record ): void {
		self::set_status( $comment, '0', $record, false );
	}

	/** Tell moderators, once, that a comment waits for them. */
	public static function tell_moderators( Record $record ): void {
		if ( ! $record->details['told'] ) {
			$record->save( $record->state, array( 'told' => true ) );
			wp_new_comment_notify_moderator( $record->comment_id );
		}
	}

	/**
	 * No mail to moderators about a comment that is likely to be decided without them in a moment.
	 *
	 * @param bool $notify     Whether a mail would go out.
	 * @param int  $comment_id The comment.
	 */
	public static function hold_back_mail( $notify, $comment_id ) {
		$record = Record::of( (int) $comment_id );
		return $record->undecided() && ! $record->details['told'] ? false : $notify;
	}

	/**
	 * Publishing a comment mails the post's author; posting it does so again.
	 *
	 * @param bool $notify Whether a mail would go out.
	 */
	public static function mail_only_once( $notify ) {
		return self::$core_will_mail ? false : $notify;
	}
}
