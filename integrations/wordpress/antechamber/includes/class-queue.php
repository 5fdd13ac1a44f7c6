<?php
/**
 * What could not be done at once, by WP-Cron: comments that the service has not taken yet, moderators' words and erasures
 * that it has not heard, and decisions that nobody told us.
 *
 * The ladder is the Akismet plugin's: after a failure again in 20 minutes, with a bad key in 6 hours; at most 100 of a kind
 * a run; the first failure ends the run; 5 minutes once it works again; after a day moderators are told of a comment that
 * still waits, after 15 days it is left to them.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * The queue.
 */
final class Queue {

	const HOOK    = 'antechamber_queue';
	const ERASURE = 'antechamber_erase_'; // Option rows: our name for a comment => the service's id, if we know it.

	const AT_ONCE   = 100;
	const BUDGET    = 20; // Seconds, after which a run leaves the rest to the next one.
	const IN_A_BIT  = 2 * MINUTE_IN_SECONDS;
	const RECOVERED = 5 * MINUTE_IN_SECONDS;
	const AWAY      = 20 * MINUTE_IN_SECONDS;
	const BAD_KEY   = 6 * HOUR_IN_SECONDS;
	const TELL      = DAY_IN_SECONDS;
	const GIVE_UP   = 15 * DAY_IN_SECONDS;

	/** @var float|null When the present run began. */
	private static $began = null;

	/** Hook in. */
	public static function register(): void {
		add_action( self::HOOK, array( self::class, 'run' ) );
		add_action( 'delete_comment', array( self::class, 'note_erasure' ), 10, 1 );
	}

	/** See to it that a run is due before long; one that is scheduled already stays where it is. */
	public static function soon(): void {
		if ( ! wp_next_scheduled( self::HOOK ) ) {
			wp_schedule_single_event( time() + self::IN_A_BIT, self::HOOK );
		}
	}

	/** After a failure: the next run is due after the ladder's pause. */
	public static function later( Answer $failure ): void {
		self::reschedule( Answer::KEY === $failure->kind ? self::BAD_KEY : self::AWAY );
	}

	/** The service answers: what waits for it need not wait for the end of a long pause. */
	public static function recovered(): void {
		$next = wp_next_scheduled( self::HOOK );
		if ( null === self::$began && $next && $next > time() + self::RECOVERED ) {
			self::reschedule( self::RECOVERED );
		}
	}

	/** No more runs. */
	public static function unschedule(): void {
		wp_clear_scheduled_hook( self::HOOK );
	}

	/** Work through everything that waits. */
	public static function run(): void {
		self::$began = microtime( true );
		self::reschedule( self::AWAY ); // Should this run die, there will be another.
		$failure = self::work();
		if ( $failure ) {
			self::later( $failure );
		} elseif ( self::any_left() ) {
			self::reschedule( self::RECOVERED );
		} else {
			self::unschedule();
		}
		self::$began = null;
	}

	/** How many comments the service has not taken yet. */
	public static function waiting(): int {
		return (int) get_comments( self::query( Record::STATE, Record::WAITING, array( 'count' => true ) ) );
	}

	/**
	 * How many comments the service has not taken, and what the last failure said; empty when none has failed.
	 *
	 * @return array<string,mixed>
	 */
	public static function failing(): array {
		$last = get_comments(
			self::query(
				Record::STATE,
				Record::WAITING,
				array(
					'fields' => 'ids',
					'order'  => 'DESC',
					'number' => 1,
				)
			)
		);
		$detail = $last ? Record::of( (int) $last[0] )->details['detail'] : '';
		return '' === $detail ? array() : array(
			'count'  => self::waiting(),
			'detail' => $detail,
		);
	}

	/**
	 * Remember, before a comment and its meta are deleted, to have the service erase its part.
	 *
	 * @param int|string $id The comment's number.
	 */
	public static function note_erasure( $id ): void {
		$record = Record::of( (int) $id );
		if ( $record->exists() && ! Settings::stopped() ) { // A copy's comments are not the site's.
			self::erase_later( (int) $id, $record->details['id'] );
		}
	}

	/** Have the service erase a comment, now or as soon as it answers. */
	public static function erase_later( int $comment_id, string $id ): void {
		update_option( self::ERASURE . Client::platform_id( $comment_id ), $id, false );
		self::soon();
		Feedback::send_at_the_end();
	}

	/**
	 * Carry out erasures, of which emptying the spam folder makes many. Returns the failure that ended it, if one did.
	 *
	 * @param float $until When to leave the rest to the next run, as microtime() has it.
	 */
	public static function erase( float $until ): ?Answer {
		foreach ( self::erasures() as $row ) {
			if ( microtime( true ) > $until ) {
				return null;
			}
			$id     = $row->option_value;
			$answer = null;
			if ( '' === $id ) {
				$answer = Client::find( substr( $row->option_name, strlen( self::ERASURE ) ) );
				$id     = $answer->ok() ? (string) ( $answer->data['items'][0]['id'] ?? '' ) : '';
			}
			if ( '' !== $id ) {
				$answer = Client::erase( $id );
			}
			if ( $answer && $answer->retry() ) {
				return $answer;
			}
			delete_option( $row->option_name );
		}
		return null;
	}

	/** @return object[] Rows of the options table. */
	private static function erasures(): array {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- the options API has no search.
		return $wpdb->get_results( $wpdb->prepare( "SELECT option_name, option_value FROM $wpdb->options WHERE option_name LIKE %s LIMIT %d", $wpdb->esc_like( self::ERASURE ) . '%', 10 * self::AT_ONCE ) );
	}

	private static function work(): ?Answer {
		$failure = self::erase( self::$began + self::BUDGET ) ?? self::each( Record::STATE, Record::WAITING, array( self::class, 'send' ) );
		$failure = $failure ?? self::each( Record::FEEDBACK, null, array( Feedback::class, 'send' ) );
		return $failure ?? self::each( Record::STATE, Record::PENDING, array( self::class, 'look' ) );
	}

	/** Send a comment that waits, unless it has waited for too long. */
	private static function send( int $comment_id ): ?Answer {
		$record = Record::of( $comment_id );
		$waited = time() - (int) $record->details['since'];
		if ( $waited >= self::GIVE_UP ) {
			$record->save( Record::ABANDONED );
			Decisions::tell_moderators( $record );
			return null;
		}
		$answer = Intake::send_later( $comment_id );
		if ( $answer && $answer->retry() && $waited >= self::TELL ) {
			Decisions::tell_moderators( Record::of( $comment_id ) );
		}
		return $answer;
	}

	/** Ask for a decision that no call-back has told us. */
	private static function look( int $comment_id ): ?Answer {
		$answer = Client::get( Record::of( $comment_id )->details['id'] );
		if ( $answer->ok() ) {
			Decisions::take( $comment_id, $answer->data, Decisions::ASKED );
		} elseif ( Answer::MISSING === $answer->kind ) {
			Record::of( $comment_id )->save( Record::WAITING ); // It has lost the comment: it gets it again.
		}
		return $answer;
	}

	/**
	 * Do something with each comment that has a meta value, until one fails or time is up.
	 *
	 * @param string      $key   The meta key.
	 * @param string|null $value Its value; null: any.
	 * @param callable    $work  Gets the comment's number, returns the answer, if it asked for one.
	 */
	private static function each( string $key, ?string $value, callable $work ): ?Answer {
		foreach ( get_comments( self::query( $key, $value, array( 'fields' => 'ids' ) ) ) as $id ) {
			if ( microtime( true ) - self::$began > self::BUDGET ) {
				return null;
			}
			$answer = $work( (int) $id );
			if ( $answer && $answer->retry() ) {
				return $answer;
			}
		}
		return null;
	}

	private static function any_left(): bool {
		$one = array(
			'fields' => 'ids',
			'number' => 1,
		);
		return self::erasures()
			|| get_comments( self::query( Record::STATE, Record::WAITING, $one ) )
			|| get_comments( self::query( Record::STATE, Record::PENDING, $one ) )
			|| get_comments( self::query( Record::FEEDBACK, null, $one ) );
	}

	private static function query( string $key, ?string $value, array $more ): array {
		$query = array(
			'status'   => 'any',
			'orderby'  => 'comment_ID',
			'order'    => 'ASC',
			'number'   => isset( $more['count'] ) ? '' : self::AT_ONCE,
			'meta_key' => $key, // phpcs:ignore WordPress.DB.SlowDBQuery -- meta keys are indexed, and few comments have ours.
		);
		if ( null !== $value ) {
			$query['meta_value'] = $value; // phpcs:ignore WordPress.DB.SlowDBQuery
		}
		return array_merge( $query, $more );
	}

	private static function reschedule( int $seconds ): void {
		wp_clear_scheduled_hook( self::HOOK );
		wp_schedule_single_event( time() + $seconds, self::HOOK );
	}
}
