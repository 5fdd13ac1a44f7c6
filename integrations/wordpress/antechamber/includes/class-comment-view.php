<?php
/**
 * What moderators see in wp-admin: a column in the list of comments and a box beside the comment that is edited, with the
 * state, the reasons and the scores.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * Column and box.
 */
final class Comment_View {

	/** @var string Address of the style sheet. */
	private static $style = '';

	/** Hook in. */
	public static function register( string $style ): void {
		self::$style = $style;
		add_filter( 'manage_edit-comments_columns', array( self::class, 'add_column' ) );
		add_action( 'manage_comments_custom_column', array( self::class, 'cell' ), 10, 2 );
		add_action( 'add_meta_boxes_comment', array( self::class, 'add_box' ) );
		add_action( 'admin_notices', array( self::class, 'notice' ) );
		add_action( 'admin_enqueue_scripts', array( self::class, 'add_style' ) );
	}

	/** @param string[] $columns What there is. */
	public static function add_column( $columns ): array {
		$columns['antechamber'] = 'Antechamber';
		return $columns;
	}

	/** @param string $column Which. @param int|string $comment_id Whose. */
	public static function cell( $column, $comment_id ): void {
		if ( 'antechamber' === $column ) {
			self::show( Record::of( (int) $comment_id ), 3 );
		}
	}

	/** Add the box. */
	public static function add_box(): void {
		add_meta_box( 'antechamber', 'Antechamber', array( self::class, 'box' ), 'comment', 'normal' );
	}

	/** @param \WP_Comment $comment The comment. */
	public static function box( $comment ): void {
		$record = Record::of( (int) $comment->comment_ID );
		self::show( $record, PHP_INT_MAX );
		if ( is_string( $record->details['original'] ) ) {
			echo '<p>' . esc_html__( 'The author\'s own words:', 'antechamber' ) . '</p><blockquote>' . esc_html( $record->details['original'] ) . '</blockquote>';
		}
		if ( ! $record->details['scores'] ) {
			return;
		}
		echo '<table class="antechamber-scores"><caption>' . esc_html__( 'Probabilities, as the model sees it', 'antechamber' ) . '</caption>';
		foreach ( $record->details['scores'] as $label => $score ) {
			printf( '<tr><th scope="row">%s</th><td>%s</td></tr>', esc_html( str_replace( '_', ' ', $label ) ), esc_html( number_format_i18n( 100 * $score, 1 ) . ' %' ) );
		}
		echo '</table><p class="description">' . esc_html( $record->details['model'] ) . '</p>';
	}

	/** Say above the list of comments that some can't be judged at present, and why. */
	public static function notice(): void {
		$screen  = get_current_screen();
		$waiting = $screen && 'edit-comments' === $screen->id && current_user_can( 'moderate_comments' ) ? Queue::failing() : array();
		if ( ! $waiting ) {
			return;
		}
		/* translators: %d: number of comments. */
		$text = sprintf( _n( '%d comment is held because the moderation service has not taken it yet.', '%d comments are held because the moderation service has not taken them yet.', $waiting['count'], 'antechamber' ), $waiting['count'] );
		printf( '<div class="notice notice-warning"><p>%s %s</p></div>', esc_html( $text ), esc_html( $waiting['detail'] ) );
	}

	/** @param string $screen Which page of wp-admin. */
	public static function add_style( $screen ): void {
		if ( in_array( $screen, array( 'edit-comments.php', 'comment.php' ), true ) ) {
			wp_enqueue_style( 'antechamber', self::$style, array(), VERSION );
		}
	}

	/** State, and the first reasons. */
	private static function show( Record $record, int $most ): void {
		if ( ! $record->exists() ) {
			echo '<span class="antechamber-none">' . esc_html__( 'not sent', 'antechamber' ) . '</span>';
			return;
		}
		printf( '<strong class="antechamber-state antechamber-%s">%s</strong>', esc_attr( $record->state ), esc_html( self::words( $record->state ) ) );
		$who = self::who( $record );
		if ( '' !== $who ) {
			echo ' <span class="antechamber-human">' . esc_html( $who ) . '</span>';
		}
		if ( $record->details['reasons'] ) {
			echo '<ul class="antechamber-reasons">';
			foreach ( array_slice( $record->details['reasons'], 0, $most ) as $reason ) {
				printf( '<li><code>%s</code> %s</li>', esc_html( $reason['code'] ), esc_html( $reason['text'] ) );
			}
			echo '</ul>';
		}
		if ( 'approved' === $record->state && '0' === $record->details['applied'] && ! $record->details['human'] ) {
			echo '<p>' . esc_html__( 'This site\'s own rules hold it all the same.', 'antechamber' ) . '</p>';
		}
		if ( is_string( $record->details['original'] ) ) {
			echo '<p>' . esc_html__( 'A moderator at the service has edited the text.', 'antechamber' ) . '</p>';
		}
		if ( '' !== $record->details['detail'] ) {
			echo '<p>' . esc_html( $record->details['detail'] ) . '</p>';
		}
	}

	/** Whose word stands, where it is a human's; empty for a machine's. */
	private static function who( Record $record ): string {
		$there = Decisions::their_human( $record->details['actor'] );
		if ( '' !== $there ) {
			/* translators: %s: a moderator's name at the service. */
			return sprintf( __( 'decided at the service by %s', 'antechamber' ), $there );
		}
		if ( ! $record->details['human'] ) {
			return '';
		}
		$user = $record->details['by'] ? get_userdata( (int) $record->details['by'] ) : false;
		/* translators: %s: a moderator's name. */
		return $user ? sprintf( __( 'decided here by %s', 'antechamber' ), $user->display_name ) : __( 'decided here by a moderator', 'antechamber' );
	}

	private static function words( string $state ): string {
		$words = array(
			Record::WAITING   => __( 'waits for the service', 'antechamber' ),
			Record::PENDING   => __( 'being judged', 'antechamber' ),
			Record::REFUSED   => __( 'not taken by the service: please decide', 'antechamber' ),
			Record::ABANDONED => __( 'the service did not answer for 15 days: please decide', 'antechamber' ),
			'approved'        => __( 'approved', 'antechamber' ),
			'flagged'         => __( 'flagged: please decide', 'antechamber' ),
			'rejected'        => __( 'rejected', 'antechamber' ),
		);
		return $words[ $state ] ?? $state;
	}
}
