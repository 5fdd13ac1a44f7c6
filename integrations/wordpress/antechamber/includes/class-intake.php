<?php
/**
 * New comments: held at once, sent to the service, decided while the visitor waits if that does not take too long.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * The way in.
 */
final class Intake {

	/** @var array<string,bool> What was held in this request and is not inserted yet; whether other plugins hold it too. */
	private static $held = array();

	/** Hook in. */
	public static function register(): void {
		// After other plugins' filters: what they call spam needs no second opinion.
		add_filter( 'pre_comment_approved', array( self::class, 'hold' ), 90, 2 );
		add_action( 'wp_insert_comment', array( self::class, 'note' ), 1, 2 );
		// Before core's mails at 10, which then tell of the decided comment.
		add_action( 'comment_post', array( self::class, 'send_new' ), 5 );
		add_action( 'rest_after_insert_comment', array( self::class, 'send_from_rest' ), 5, 3 );
		add_action( 'edit_comment', array( self::class, 'edited' ), 20 );
	}

	/**
	 * Hold a comment that WordPress would publish or hold. What its own rules call spam or trash is left at that, and so is
	 * what people write who may moderate.
	 *
	 * @param int|string|\WP_Error $approved What WordPress would do.
	 * @param array                $data     The comment.
	 * @return int|string|\WP_Error
	 */
	public static function hold( $approved, $data ) {
		if ( ! Settings::judges() || is_wp_error( $approved ) || ! in_array( (string) $approved, array( '0', '1' ), true ) || self::trusted( $data ) ) {
			return $approved;
		}
		self::$held[ self::name( $data ) ] = '0' === (string) $approved && self::core_would_publish( $data );
		return 0;
	}

	/**
	 * Note, as soon as a held comment is in the database, that it is to be sent: from here on it can't be forgotten.
	 *
	 * @param int         $id      The comment's number.
	 * @param \WP_Comment $comment The comment.
	 */
	public static function note( $id, $comment ): void {
		$name = self::name( $comment->to_array() );
		if ( ! isset( self::$held[ $name ] ) ) {
			return;
		}
		$others_hold = self::$held[ $name ];
		unset( self::$held[ $name ] );
		Record::of( (int) $id )->save(
			Record::WAITING,
			array(
				'name'        => Client::name( (int) $id ),
				'since'       => time(),
				'text'        => self::text( $comment ),
				'others_hold' => $others_hold,
			)
		);
		Queue::soon();
	}

	/**
	 * Send a comment that has just been posted.
	 *
	 * @param int $id The comment's number.
	 */
	public static function send_new( $id ): void {
		if ( Record::WAITING === Record::of( (int) $id )->state ) {
			self::send_now( (int) $id, Decisions::POSTED );
		}
	}

	/**
	 * The same for one that came in by WordPress's own REST API.
	 *
	 * @param \WP_Comment      $comment  The comment.
	 * @param \WP_REST_Request $request  The request.
	 * @param bool             $creating Whether it is new.
	 */
	public static function send_from_rest( $comment, $request, $creating ): void {
		if ( ! $creating ) {
			return;
		}
		self::send_new( (int) $comment->comment_ID );
		$now = get_comment( (int) $comment->comment_ID );
		if ( $now ) {
			$comment->comment_approved = $now->comment_approved; // What is answered is made of this object.
		}
	}

	/**
	 * An author's new words are judged like a new comment; a moderator's need no judge.
	 *
	 * @param int $id The comment's number.
	 */
	public static function edited( $id ): void {
		$comment = get_comment( $id );
		$record  = Record::of( (int) $id );
		if ( ! $comment || ! $record->exists() || ! Settings::judges() || Decisions::applying() || current_user_can( 'moderate_comments' ) ) {
			return;
		}
		$text = self::text( $comment );
		if ( $text === $record->details['text'] || in_array( $comment->comment_approved, array( 'spam', 'trash' ), true ) ) {
			return;
		}
		$record->save(
			Record::WAITING,
			array(
				'since'    => time(),
				'text'     => $text,
				'seal'     => '',
				'human'    => false,
				'applied'  => '0',
				'told'     => false,
				'original' => null,
			)
		);
		delete_comment_meta( (int) $id, Record::FEEDBACK ); // It is about words that are no more.
		Decisions::hold( $comment, $record );
		Queue::soon();
		self::send_now( (int) $id, Decisions::ASKED );
	}

	/** Send a comment while somebody waits: never longer than the site owner allows. */
	private static function send_now( int $id, string $how ): void {
		$allowed = Settings::max_wait();
		if ( $allowed > 0 ) {
			// The service is asked to answer a second before we hang up, where there is a second to spare: then we know at
			// least that it has the comment.
			self::send( $id, $how, max( 1, $allowed - 1 ), $allowed );
		}
	}

	/** Send a comment while nobody waits. */
	public static function send_later( int $id ): ?Answer {
		return self::send( $id, Decisions::ASKED, 0, Client::PATIENCE );
	}

	/** Send a comment to the service and take in what it answers. */
	private static function send( int $id, string $how, int $wait, int $timeout ): ?Answer {
		$comment = get_comment( $id );
		if ( ! $comment ) {
			return null;
		}
		$answer = Client::submit( $comment, $wait, $timeout );
		if ( $answer->ok() ) {
			Decisions::take( $id, $answer->data, $how, true );
			Queue::recovered();
			return $answer;
		}
		Record::locked(
			$id,
			static function ( Record $record ) use ( $answer, $how ): void {
				if ( Record::WAITING !== $record->state ) {
					return; // A call-back was faster.
				}
				$record->save( $answer->retry() ? Record::WAITING : Record::REFUSED, array( 'detail' => $answer->detail ) );
				if ( ! $answer->retry() && Decisions::POSTED !== $how ) {
					Decisions::tell_moderators( $record );
				}
			}
		);
		if ( $answer->retry() && ! $answer->late ) {
			Queue::later( $answer );
		}
		return $answer;
	}

	/** Whether WordPress itself lets somebody comment unseen: the post's author, and those who may moderate. */
	private static function trusted( array $data ): bool {
		$user = isset( $data['user_id'] ) ? (int) $data['user_id'] : 0;
		if ( 0 === $user ) {
			return false;
		}
		$post = get_post( (int) ( $data['comment_post_ID'] ?? 0 ) );
		return user_can( $user, 'moderate_comments' ) || ( $post && (int) $post->post_author === $user );
	}

	/** What names a comment between the filter that holds it and its row in the database. */
	private static function name( array $data ): string {
		return (int) $data['comment_post_ID'] . ' ' . ( $data['comment_date_gmt'] ?? '' );
	}

	/** Whether WordPress alone would publish it, so that whoever holds it is another plugin. */
	private static function core_would_publish( array $data ): bool {
		return (bool) check_comment(
			$data['comment_author'] ?? '',
			$data['comment_author_email'] ?? '',
			$data['comment_author_url'] ?? '',
			$data['comment_content'] ?? '',
			$data['comment_author_IP'] ?? '',
			$data['comment_agent'] ?? '',
			$data['comment_type'] ?? ''
		);
	}

	/** The digest of what is judged of a comment. */
	public static function text( \WP_Comment $comment ): string {
		return hash( 'sha256', implode( "\0", array( $comment->comment_content, $comment->comment_author, $comment->comment_author_url ) ) );
	}
}
