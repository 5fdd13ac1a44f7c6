<?php
/**
 * The service's native API, as far as this plugin uses it: the only file that sends anything to it, apart from the routing
 * of the Akismet plugin's own calls.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * Requests to the service.
 */
final class Client {

	/** Seconds that work behind the scenes waits for an answer. */
	const PATIENCE = 5;

	/**
	 * Submit a comment, and wait for the decision for up to `$wait` seconds (0: don't).
	 *
	 * The answer's data is the comment as the service shows it.
	 */
	public static function submit( \WP_Comment $comment, int $wait, int $timeout ): Answer {
		$headers = $wait > 0 ? array( 'Prefer' => "wait=$wait" ) : array();
		return self::request( 'POST', '/v1/comments', self::submission( $comment ), $timeout, $headers );
	}

	/** A comment as the service knows it, by the service's id. */
	public static function get( string $id ): Answer {
		return self::request( 'GET', '/v1/comments/' . rawurlencode( $id ) );
	}

	/** A comment as the service knows it, by ours. */
	public static function find( string $platform_id ): Answer {
		return self::request( 'GET', '/v1/comments?platform_id=' . rawurlencode( $platform_id ) );
	}

	/**
	 * Tell what a human has decided.
	 *
	 * @param string              $id   The service's id of the comment.
	 * @param array<string,mixed> $word `decision`, `reasons`, `note`, `moderator`.
	 */
	public static function decide( string $id, array $word ): Answer {
		return self::request( 'POST', '/v1/comments/' . rawurlencode( $id ) . '/decision', $word );
	}

	/** Have a comment's text and everything that belongs to its author erased. */
	public static function erase( string $id ): Answer {
		return self::request( 'DELETE', '/v1/comments/' . rawurlencode( $id ) );
	}

	/** The site as the service knows it: tells whether address and key are right. */
	public static function site(): Answer {
		return self::request( 'GET', '/v1/site', null, 5 );
	}

	/**
	 * Our name for a comment: the site's address and the comment's number, so that a copy of the site names its own
	 * otherwise. What was sent under another name keeps that: earlier versions sent the bare number, in a network of sites with
	 * the site's number before it.
	 */
	public static function platform_id( int $comment_id ): string {
		$record = Record::of( $comment_id );
		if ( '' !== $record->details['name'] ) {
			return $record->details['name'];
		}
		if ( $record->exists() ) {
			return is_multisite() ? get_current_blog_id() . '-' . $comment_id : (string) $comment_id;
		}
		return self::name( $comment_id );
	}

	/** The name of a comment that has never been sent. */
	public static function name( int $comment_id ): string {
		return Settings::home() . '#' . $comment_id;
	}

	/** The number of a comment of this site by our name for it; 0 when it is none. */
	public static function comment_id( string $platform_id ): int {
		if ( 1 !== preg_match( '/(?:\A|[#-])([1-9][0-9]{0,17})\z/', $platform_id, $found ) ) {
			return 0;
		}
		$number = (int) $found[1];
		return self::platform_id( $number ) === $platform_id ? $number : 0;
	}

	/**
	 * Whether what the service says is about the text and the page that a comment has here. What it was sent is known by the
	 * seal that it answered; what it was sent by others, or what its answer never came for, by making the seal again.
	 *
	 * @param \WP_Comment $comment The comment.
	 * @param Record      $record  Its record.
	 * @param string      $seal    What the service says; empty when it is too old to say.
	 * @param bool        $told    Whether it came by itself, and not because we asked for this comment.
	 */
	public static function is_about( \WP_Comment $comment, Record $record, string $seal, bool $told ): bool {
		if ( '' === $seal || ( ! $told && '' === $record->details['seal'] ) ) {
			return true;
		}
		if ( '' !== $record->details['seal'] ) {
			return hash_equals( $record->details['seal'], $seal );
		}
		$said = ( $record->details['original'] ?? $comment->comment_content ) . "\0" . get_permalink( (int) $comment->comment_post_ID );
		$good = false;
		foreach ( Settings::secrets() as $secret ) {
			$key  = base64_decode( (string) preg_replace( '/\Awhsec_/', '', $secret ), true );
			$good = ( is_string( $key ) && in_array( 'v1,' . base64_encode( hash_hmac( 'sha256', $said, $key, true ) ), explode( ' ', $seal ), true ) ) || $good;
		}
		return $good;
	}

	/**
	 * All that is ever sent of a comment. readme.txt lists it: whoever adds a field adds it there.
	 *
	 * @return array<string,mixed>
	 */
	private static function submission( \WP_Comment $comment ): array {
		$author = array(
			'name'  => wp_specialchars_decode( $comment->comment_author, ENT_QUOTES ),
			'email' => $comment->comment_author_email,
			'url'   => $comment->comment_author_url,
			'role'  => self::role( (int) $comment->user_id ),
		);
		$fields = array(
			'id'         => self::platform_id( (int) $comment->comment_ID ),
			'page'       => array( 'url' => (string) get_permalink( (int) $comment->comment_post_ID ) ),
			'author'     => array_filter( $author, 'strlen' ),
			'content'    => $comment->comment_content,
			'kind'       => in_array( $comment->comment_type, array( 'pingback', 'trackback' ), true ) ? $comment->comment_type : null,
			'created_at' => self::time( $comment->comment_date_gmt ),
			'parent_id'  => $comment->comment_parent ? self::platform_id( (int) $comment->comment_parent ) : null,
		);
		return array_filter(
			$fields,
			static function ( $value ): bool {
				return null !== $value && array() !== $value;
			}
		);
	}

	/** The role of somebody who has signed in, as the service knows them; empty for a visitor. */
	private static function role( int $user ): string {
		$data  = $user ? get_userdata( $user ) : false;
		$known = $data ? array_intersect( array( 'editor', 'author', 'contributor', 'subscriber' ), $data->roles ) : array();
		return $data ? (string) ( reset( $known ) ?: 'member' ) : '';
	}

	private static function time( string $gmt ): ?string {
		$at = strtotime( $gmt . ' UTC' );
		return false === $at || $at <= 0 ? null : gmdate( 'Y-m-d\TH:i:s\Z', $at );
	}

	private static function request( string $method, string $path, ?array $body = null, int $timeout = self::PATIENCE, array $headers = array() ): Answer {
		if ( '' === Settings::url() || '' === Settings::api_key() ) {
			return Answer::unset_up();
		}
		if ( Settings::stopped() ) {
			return Answer::elsewhere();
		}
		$headers['Authorization'] = 'Bearer ' . Settings::api_key();
		$headers['Accept']        = 'application/json';
		$arguments                = array(
			'method'              => $method,
			'timeout'             => $timeout,
			'redirection'         => 0, // A redirect would carry the key to wherever it points.
			'limit_response_size' => 1048576,
			'user-agent'          => 'antechamber-wordpress/' . VERSION, // WordPress's own would name the site.
		);
		if ( null !== $body ) {
			$headers['Content-Type'] = 'application/json';
			$arguments['body']       = wp_json_encode( $body );
		}
		$arguments['headers'] = $headers;
		return Answer::of( wp_remote_request( Settings::url() . $path, $arguments ) );
	}
}
