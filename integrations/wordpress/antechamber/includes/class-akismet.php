<?php
/**
 * Points the Akismet plugin at the service, which speaks Akismet's protocol. That plugin has no setting for another host, so
 * its requests are turned round on their way out.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * The routing of Akismet's calls.
 */
final class Akismet {

	/** Seconds that a check has at the least: that plugin can't do without an answer. */
	const LEAST = 1;

	/** Hook in. */
	public static function register(): void {
		add_filter( 'pre_http_request', array( self::class, 'route' ), 10, 3 );
		add_action( 'admin_init', array( self::class, 'keep_frames_out' ) );
	}

	/**
	 * Akismet's own pages embed frames of akismet.com, whose addresses name this site and carry the key. While its calls go
	 * to the service, those frames have nothing to show, and must not tell.
	 */
	public static function keep_frames_out(): void {
		$page = isset( $_GET['page'] ) && is_string( $_GET['page'] ) ? sanitize_key( wp_unslash( $_GET['page'] ) ) : ''; // phpcs:ignore WordPress.Security.NonceVerification -- nothing is changed.
		if ( 0 !== strpos( $page, 'akismet' ) || ! Settings::routes_akismet() ) {
			return;
		}
		header( "Content-Security-Policy: frame-src 'self'", false ); // Should a version write them in another way.
		ob_start( array( self::class, 'without_frames' ) );
	}

	/** A page without frames of Akismet's. */
	public static function without_frames( string $page ): string {
		$instead = '<p>' . esc_html__( 'Statistics are with your own service, at its page for moderators.', 'antechamber' ) . '</p>';
		$left    = preg_replace( '#<iframe\b[^>]*\bsrc=["\'][^"\']*\bakismet\.com\b[^>]*>(?:\s*</iframe>)?#i', $instead, $page );
		return is_string( $left ) ? $left : $page;
	}

	/**
	 * Send a request for Akismet's API to the service instead.
	 *
	 * @param false|array|\WP_Error $response  A response that somebody else has had already.
	 * @param array                 $arguments The request.
	 * @param string                $url       Where it was to go.
	 * @return false|array|\WP_Error
	 */
	public static function route( $response, $arguments, $url ) {
		$host = strtolower( (string) wp_parse_url( $url, PHP_URL_HOST ) );
		if ( false !== $response || 1 !== preg_match( '/\A(?:([0-9a-z]+)\.)?rest\.akismet\.com\z/', $host, $found ) ) {
			return $response;
		}
		$service = Settings::url();
		if ( ! Settings::wants_akismet() || '' === $service || false !== stripos( $service, 'rest.akismet.com' ) ) {
			return $response;
		}
		if ( Settings::stopped() ) {
			$silence = new \WP_Error( 'antechamber_stopped', Answer::elsewhere()->detail );
			return '/comment-check' === substr( (string) wp_parse_url( $url, PHP_URL_PATH ), -14 ) ? self::with_guid( $silence ) : $silence;
		}
		foreach ( array_keys( (array) $arguments['headers'] ) as $name ) {
			if ( 'host' === strtolower( $name ) ) {
				unset( $arguments['headers'][ $name ] ); // It names Akismet's host.
			}
		}
		$key = $found[1] ?? '';
		if ( '' !== $key ) {
			$arguments['body'] = self::with_key( $arguments['body'], $key );
		}
		if ( ! wp_doing_cron() && '/comment-check' === substr( (string) wp_parse_url( $url, PHP_URL_PATH ), -14 ) ) {
			// Somebody waits: no longer than the site owner allows. What is not answered by then is held, and checked again.
			$arguments['timeout'] = max( self::LEAST, Settings::max_wait() );
		}
		$arguments['httpversion'] = '1.1';
		$arguments['redirection'] = 0;
		$path                     = (string) wp_parse_url( $url, PHP_URL_PATH );
		$query                    = (string) wp_parse_url( $url, PHP_URL_QUERY );
		$answer                   = wp_remote_request( $service . $path . ( '' === $query ? '' : "?$query" ), $arguments );
		return '/comment-check' === substr( $path, -14 ) ? self::with_guid( $answer ) : $answer;
	}

	/**
	 * Newer versions of the Akismet plugin (5.5 and 5.7.2 were seen) know a comment again only by the id that the answer to its
	 * check carried. After an answer without one, or none, it means to hold the comment and fails to: the comment is published. So
	 * such an answer gets an id here. What the answer says, or that there is none, stays as it is.
	 *
	 * @param array|\WP_Error $answer The service's answer.
	 */
	private static function with_guid( $answer ): array {
		if ( is_wp_error( $answer ) ) {
			$answer = array(
				'headers'  => array(),
				'body'     => '',
				'response' => array(
					'code'    => 503,
					'message' => 'Service Unavailable',
				),
				'cookies'  => array(),
				'filename' => null,
			);
		}
		if ( '' === (string) wp_remote_retrieve_header( $answer, 'x-akismet-guid' ) ) {
			$answer['headers']['x-akismet-guid'] = 'unanswered-' . wp_generate_password( 20, false );
		}
		return $answer;
	}

	/**
	 * An old client has its key in the host's name, which is lost on the way: put it where new ones have it.
	 *
	 * @param array|string|null $body The body, as fields or as text.
	 * @param string            $key  The key.
	 * @return array|string
	 */
	private static function with_key( $body, string $key ) {
		if ( is_array( $body ) ) {
			return $body + array( 'api_key' => $key );
		}
		$body = (string) $body;
		return 1 === preg_match( '/(?:\A|&)api_key=/', $body ) ? $body : ltrim( "$body&api_key=$key", '&' );
	}
}
