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

	/** Our name for a comment; in a network of sites, with the site's number before it. */
	public static function platform_id( int $comment_id ): string {
		return is_multisite() ? get_current_blog_id() . '-' . $comment_id : (string) $comment_id;
	}

	/** The number of a comment of this site by our name for it; 0 when it is none. */
	public static function comment_id( string $platform_id ): int {
		$prefix = is_multisite() ? get_current_blog_id() . '-' : '';
		$number = '' === $prefix || 0 === strpos( $platform_id, $prefix ) ? substr( $platform_id, strlen( $prefix ) ) : '';
		return ctype_digit( $number ) && strlen( $number ) < 19 ? (int) $number : 0;
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
		);
		$fields = array(
			'id'         => self::platform_id( (int) $comment->comment_ID ),
			'page'       => array( 'url' => (string) get_permalink( (int) $comment->comment_post_ID ) ),
			'author'     => array_filter( $author, 'strlen' ),
			'content'    => $comment->comment_content,
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

	private static function time( string $gmt ): ?string {
		$at = strtotime( $gmt . ' UTC' );
		return false === $at || $at <= 0 ? null : gmdate( 'Y-m-d\TH:i:s\Z', $at );
	}

	private static function request( string $method, string $path, ?array $body = null, int $timeout = self::PATIENCE, array $headers = array() ): Answer {
		if ( '' === Settings::url() || '' === Settings::api_key() ) {
			return Answer::unset_up();
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
