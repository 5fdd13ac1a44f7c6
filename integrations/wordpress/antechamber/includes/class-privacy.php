<?php
/**
 * WordPress's tools for personal data: what we export of somebody's comments, what we have erased, and a text for the
 * site's privacy policy.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * Exporter, eraser, policy text.
 */
final class Privacy {

	const AT_ONCE = 100;

	/** Hook in. */
	public static function register(): void {
		add_filter( 'wp_privacy_personal_data_exporters', array( self::class, 'add_exporter' ) );
		add_filter( 'wp_privacy_personal_data_erasers', array( self::class, 'add_eraser' ), 20 );
		add_action( 'admin_init', array( self::class, 'suggest' ) );
	}

	/** @param array $exporters What there is. */
	public static function add_exporter( $exporters ): array {
		$exporters['antechamber'] = array(
			'exporter_friendly_name' => __( 'Antechamber: how comments were judged', 'antechamber' ),
			'callback'               => array( self::class, 'export' ),
		);
		return $exporters;
	}

	/**
	 * Ours comes first: core's eraser takes the e-mail address off the comments, and with it our way to find them.
	 *
	 * @param array $erasers What there is.
	 */
	public static function add_eraser( $erasers ): array {
		$ours = array(
			'antechamber' => array(
				'eraser_friendly_name' => __( 'Antechamber: comments at the moderation service', 'antechamber' ),
				'callback'             => array( self::class, 'erase' ),
			),
		);
		return $ours + $erasers;
	}

	/** @param string $email Whose data. @param int $page Which hundred comments. */
	public static function export( $email, $page = 1 ): array {
		$comments = self::comments( (string) $email, self::AT_ONCE * ( max( 1, (int) $page ) - 1 ) );
		$data     = array();
		foreach ( $comments as $comment ) {
			$record = Record::of( (int) $comment->comment_ID );
			$lines  = array(
				__( 'State', 'antechamber' )      => $record->state,
				__( 'Decided by', 'antechamber' ) => $record->details['actor'],
				__( 'Reasons', 'antechamber' )    => implode( '; ', array_map( array( self::class, 'reason' ), $record->details['reasons'] ) ),
				__( 'Scores', 'antechamber' )     => (string) wp_json_encode( $record->details['scores'] ),
			);
			if ( is_string( $record->details['original'] ) ) {
				$lines[ __( 'The text as it was written, before a moderator edited it', 'antechamber' ) ] = $record->details['original'];
			}
			$items = array();
			foreach ( $lines as $name => $value ) {
				$items[] = compact( 'name', 'value' );
			}
			$data[] = array(
				'group_id'    => 'antechamber',
				'group_label' => __( 'How comments were judged', 'antechamber' ),
				'item_id'     => 'comment-' . $comment->comment_ID,
				'data'        => $items,
			);
		}
		return array(
			'data' => $data,
			'done' => count( $comments ) < self::AT_ONCE,
		);
	}

	/** @param string $email Whose data. The page is always the first: what is erased is found no more. */
	public static function erase( $email ): array {
		$comments = self::comments( (string) $email, 0 );
		foreach ( $comments as $comment ) {
			$record = Record::of( (int) $comment->comment_ID );
			Queue::erase_later( (int) $comment->comment_ID, $record->details['id'] );
			$record->forget();
		}
		return array(
			'items_removed'  => count( $comments ) > 0,
			'items_retained' => false,
			'messages'       => array(),
			'done'           => count( $comments ) < self::AT_ONCE,
		);
	}

	/** Offer a text for the privacy policy. */
	public static function suggest(): void {
		$text = __( 'When you leave a comment, its text, the name, e-mail address and website that you give, the address of the page and the time are sent to our own moderation service, which judges whether it is spam or an insult. The service turns the e-mail address into a keyed digest when it arrives and never stores, publishes or passes on the address itself. When your comment is deleted here, the service erases it too.', 'antechamber' );
		wp_add_privacy_policy_content( 'Antechamber', wp_kses_post( wpautop( $text ) ) );
	}

	/** @return \WP_Comment[] */
	private static function comments( string $email, int $offset ): array {
		if ( '' === $email ) {
			return array();
		}
		return get_comments(
			array(
				'author_email' => $email,
				'meta_key'     => Record::STATE, // phpcs:ignore WordPress.DB.SlowDBQuery
				'status'       => 'any',
				'orderby'      => 'comment_ID',
				'order'        => 'ASC',
				'number'       => self::AT_ONCE,
				'offset'       => $offset,
			)
		);
	}

	/** @param array $reason Code and text. */
	private static function reason( array $reason ): string {
		return '' === $reason['text'] ? $reason['code'] : $reason['text'];
	}
}
