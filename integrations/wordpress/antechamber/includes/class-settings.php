<?php
/**
 * What the site owner has set, from the options table or, for those who keep secrets out of it, from wp-config.php
 * (ANTECHAMBER_URL, ANTECHAMBER_API_KEY, ANTECHAMBER_WEBHOOK_SECRET).
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * Read access to the settings, and their cleansing when they are saved.
 */
final class Settings {

	const OPTION = 'antechamber_settings';

	const DEFAULTS = array(
		'url'           => '',
		'api_key'       => '',
		'secrets'       => '',
		'max_wait'      => 1,
		'trust_new'     => true,
		'route_akismet' => false,
	);

	/** The settings that a constant in wp-config.php may hold instead. */
	const CONSTANTS = array(
		'url'     => 'ANTECHAMBER_URL',
		'api_key' => 'ANTECHAMBER_API_KEY',
		'secrets' => 'ANTECHAMBER_WEBHOOK_SECRET',
	);

	/** Address of the service, without a slash at the end; empty when it is not set. */
	public static function url(): string {
		return untrailingslashit( self::text( 'url' ) );
	}

	/** The site's API key. */
	public static function api_key(): string {
		return self::text( 'api_key' );
	}

	/**
	 * The secrets that call-backs may be signed with: one, or two while the old one is being replaced.
	 *
	 * @return string[]
	 */
	public static function secrets(): array {
		return preg_split( '/\s+/', self::text( 'secrets' ), -1, PREG_SPLIT_NO_EMPTY );
	}

	/** Longest time, in seconds, that somebody who comments waits for the service. */
	public static function max_wait(): int {
		return min( 10, max( 0, (int) self::get( 'max_wait' ) ) );
	}

	/** Whether the service's word stands in for the rule "author must have a previously approved comment". */
	public static function trust_new(): bool {
		return (bool) self::get( 'trust_new' );
	}

	/** Whether the Akismet plugin's calls go to the service: it is wanted, and that plugin is there. */
	public static function routes_akismet(): bool {
		return self::wants_akismet() && class_exists( '\Akismet', false ) && '' !== self::url();
	}

	/** Whether the site owner wants the Akismet plugin's calls routed to the service. */
	public static function wants_akismet(): bool {
		return (bool) self::get( 'route_akismet' );
	}

	/** Whether this plugin judges comments itself. It leaves them alone while the Akismet plugin has them judged. */
	public static function judges(): bool {
		return '' !== self::url() && '' !== self::api_key() && ! self::routes_akismet();
	}

	/** Whether a constant in wp-config.php decides a setting. */
	public static function is_constant( string $name ): bool {
		return isset( self::CONSTANTS[ $name ] ) && defined( self::CONSTANTS[ $name ] );
	}

	/**
	 * Cleanse what the settings page posted. An empty secret leaves the present one as it is, since the page never shows it.
	 *
	 * @param mixed $posted What came in.
	 */
	public static function sanitize( $posted ): array {
		$posted = is_array( $posted ) ? $posted : array();
		$kept   = self::all();
		$clean  = self::DEFAULTS;

		$url          = isset( $posted['url'] ) && is_string( $posted['url'] ) ? trim( $posted['url'] ) : '';
		$clean['url'] = untrailingslashit( esc_url_raw( $url, array( 'http', 'https' ) ) );
		foreach ( array( 'api_key', 'secrets' ) as $name ) {
			$given          = isset( $posted[ $name ] ) && is_string( $posted[ $name ] ) ? trim( $posted[ $name ] ) : '';
			$clean[ $name ] = '' === $given ? $kept[ $name ] : preg_replace( '/[^\x20-\x7e\n]/', '', $given );
		}
		$clean['max_wait']      = min( 10, max( 0, isset( $posted['max_wait'] ) ? (int) $posted['max_wait'] : self::DEFAULTS['max_wait'] ) );
		$clean['trust_new']     = ! empty( $posted['trust_new'] );
		$clean['route_akismet'] = ! empty( $posted['route_akismet'] );
		return $clean;
	}

	private static function all(): array {
		$stored = get_option( self::OPTION );
		return array_merge( self::DEFAULTS, is_array( $stored ) ? $stored : array() );
	}

	/** @return mixed */
	private static function get( string $name ) {
		return self::is_constant( $name ) ? constant( self::CONSTANTS[ $name ] ) : self::all()[ $name ];
	}

	private static function text( string $name ): string {
		$value = self::get( $name );
		return is_string( $value ) ? trim( $value ) : '';
	}
}
