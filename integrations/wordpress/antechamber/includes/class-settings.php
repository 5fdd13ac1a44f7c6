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

	/** Where the settings are bound to an address: digests of that and of the API key, which no search-and-replace touches. */
	const BOUND = 'antechamber_bound';

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

	/** Hook in: whose settings these are is found out before anything is done with them. */
	public static function register(): void {
		add_action( 'init', array( self::class, 'stopped' ), 1 );
	}

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

	/**
	 * The site's address as names of comments carry it: host and path, without the scheme. As the database has it, since
	 * plugins for languages and mapped domains change what home_url() says from page to page.
	 */
	public static function home(): string {
		$parts = wp_parse_url( (string) get_option( 'home' ) );
		$host  = strtolower( $parts['host'] ?? '' ) . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
		$home  = $host . untrailingslashit( $parts['path'] ?? '' );
		return 1 === preg_match( '/\A[A-Za-z0-9][A-Za-z0-9._:\/~+=-]{0,119}\z/', $home ) ? $home : 'wp-' . substr( hash( 'sha256', $home ), 0, 20 );
	}

	/**
	 * Whether the settings are another site's: this is a copy, or the site has moved. Then nothing is sent and nothing is
	 * heard, until somebody says which of the two it is: "moved" on the settings page, or keys of the copy's own.
	 */
	public static function stopped(): bool {
		if ( '' === self::url() || '' === self::api_key() ) {
			return false;
		}
		$here  = self::binding();
		$bound = get_option( self::BOUND );
		if ( ! is_array( $bound ) || ( $bound['home'] ?? '' ) === $here['home'] ) {
			if ( $bound !== $here ) {
				update_option( self::BOUND, $here );
			}
			return false;
		}
		if ( ( $bound['key'] ?? '' ) === $here['key'] ) {
			return true;
		}
		Record::forget_all(); // A copy with a key of its own begins anew: what it has copied is another site's.
		update_option( self::BOUND, $here );
		return false;
	}

	/** The site has moved here for good, with its comments and its key. */
	public static function moved(): void {
		update_option( self::BOUND, self::binding() );
	}

	/** @return array{home:string,key:string} */
	private static function binding(): array {
		return array(
			'home' => hash( 'sha256', self::home() ),
			'key'  => hash_hmac( 'sha256', self::url(), self::api_key() ),
		);
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

		$given        = isset( $posted['url'] ) && is_string( $posted['url'] ) ? trim( $posted['url'] ) : '';
		$clean['url'] = self::address( $given );
		if ( null === $clean['url'] ) {
			$clean['url'] = is_string( $kept['url'] ) ? $kept['url'] : '';
			self::complain( $given, $clean['url'] );
		}
		foreach ( array( 'api_key', 'secrets' ) as $name ) {
			$given          = isset( $posted[ $name ] ) && is_string( $posted[ $name ] ) ? trim( $posted[ $name ] ) : '';
			$clean[ $name ] = '' === $given ? $kept[ $name ] : preg_replace( '/[^\x20-\x7e\n]/', '', $given );
		}
		$clean['max_wait']      = min( 10, max( 0, isset( $posted['max_wait'] ) ? (int) $posted['max_wait'] : self::DEFAULTS['max_wait'] ) );
		$clean['trust_new']     = ! empty( $posted['trust_new'] );
		$clean['route_akismet'] = ! empty( $posted['route_akismet'] );
		return $clean;
	}

	/** An address as it is kept, without a slash at the end; null when it can't be one of the service. */
	private static function address( string $given ): ?string {
		if ( '' === $given ) {
			return ''; // Switched off on purpose.
		}
		$parts = wp_parse_url( $given );
		$known = is_array( $parts ) && in_array( strtolower( $parts['scheme'] ?? '' ), array( 'http', 'https' ), true ) && '' !== ( $parts['host'] ?? '' );
		if ( ! $known || array_intersect_key( $parts, array_flip( array( 'user', 'pass', 'query', 'fragment' ) ) ) ) {
			return null;
		}
		$url = untrailingslashit( esc_url_raw( $given, array( 'http', 'https' ) ) );
		return '' === $url ? null : $url;
	}

	/** Say why an address was not taken, what is in force instead, and what may have been meant. */
	private static function complain( string $given, string $kept ): void {
		$text = __( 'The address of the service was not saved. It begins with https:// or http://, and has no name, password or question mark.', 'antechamber' );
		if ( 1 === preg_match( '/\A[a-z0-9.-]+(?::[0-9]{1,5})?\/?\z/i', $given ) ) {
			/* translators: %s: an address. */
			$text .= ' ' . sprintf( __( 'Did you mean %s?', 'antechamber' ), 'https://' . untrailingslashit( $given ) );
		}
		/* translators: %s: an address. */
		$text .= ' ' . ( '' === $kept ? __( 'There is none, so nothing is sent and nothing is judged.', 'antechamber' ) : sprintf( __( 'It is still %s.', 'antechamber' ), $kept ) );
		add_settings_error( self::OPTION, 'antechamber_url', esc_html( $text ) );
	}

	/** Why new comments are not judged at all at present, in words for an administrator; empty when they are. */
	public static function off(): string {
		if ( '' === self::url() ) {
			return __( 'The address of the service is not set.', 'antechamber' );
		}
		if ( self::routes_akismet() ) {
			return \Akismet::get_api_key() ? '' : __( 'The Akismet plugin is to have comments judged, and has no key: enter the site\'s "akismet_key" there.', 'antechamber' );
		}
		return '' === self::api_key() ? __( 'The API key is not set.', 'antechamber' ) : '';
	}

	/** Whether key and comments go to the service in the clear, over more than this machine. */
	public static function in_the_clear(): bool {
		$host = trim( (string) wp_parse_url( self::url(), PHP_URL_HOST ), '[]' );
		$here = 'localhost' === $host || '::1' === $host || 1 === preg_match( '/\A127(?:\.[0-9]{1,3}){3}\z/', $host );
		return 0 === stripos( self::url(), 'http://' ) && ! $here;
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
