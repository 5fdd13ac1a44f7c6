<?php
/**
 * What the service answered, as the few cases that the rest of the plugin tells apart.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * One answer.
 */
final class Answer {

	/** Done; `data` has the body. */
	const OK = 'ok';
	/** No answer, or one that says "later": try again. */
	const AWAY = 'away';
	/** The key is not, or no longer, good: nothing will work until somebody sees to it. */
	const KEY = 'key';
	/** The service does not know the comment, or has erased it. */
	const MISSING = 'missing';
	/** The service will never take this: `detail` says why. */
	const REFUSED = 'refused';

	/** @var string One of the constants. */
	public $kind;

	/** @var array<string,mixed> The body of a good answer. */
	public $data;

	/** @var string Why it is not a good one, in words for an administrator. */
	public $detail;

	/** @var bool Whether it was taking too long, so that the service may well have got the request. */
	public $late;

	private function __construct( string $kind, array $data, string $detail, bool $late = false ) {
		$this->kind   = $kind;
		$this->data   = $data;
		$this->detail = $detail;
		$this->late   = $late;
	}

	/** Whether the request succeeded. */
	public function ok(): bool {
		return self::OK === $this->kind;
	}

	/** Whether the request is worth repeating later. */
	public function retry(): bool {
		return self::AWAY === $this->kind || self::KEY === $this->kind;
	}

	/** Nothing could be asked, for want of settings. */
	public static function unset_up(): self {
		return new self( self::KEY, array(), __( 'The service\'s address or key is not set.', 'antechamber' ) );
	}

	/** Nothing may be asked: the settings are another site's. */
	public static function elsewhere(): self {
		return new self( self::KEY, array(), __( 'The settings were made for another address. If this is a copy of that site, give it a key of its own; if the site has moved, say so under Settings → Antechamber.', 'antechamber' ) );
	}

	/**
	 * Read what WordPress's HTTP client returned.
	 *
	 * @param array|\WP_Error $response The response.
	 */
	public static function of( $response ): self {
		if ( is_wp_error( $response ) ) {
			$words = $response->get_error_message();
			$late  = false !== stripos( $words, 'timed out' ) || false !== stripos( $words, 'cURL error 28' );
			return new self( self::AWAY, array(), $words, $late );
		}
		$status = (int) wp_remote_retrieve_response_code( $response );
		$body   = (string) wp_remote_retrieve_body( $response );
		$data   = '' === $body ? array() : json_decode( $body, true, 32 );
		if ( $status >= 200 && $status < 300 && is_array( $data ) ) {
			return new self( self::OK, $data, '' );
		}
		$told = is_array( $data ) && isset( $data['detail'] ) && is_string( $data['detail'] ) ? $data['detail'] : '';
		/* translators: 1: HTTP status, 2: what the service said about it. */
		$detail = trim( sprintf( __( 'The service answered %1$d. %2$s', 'antechamber' ), $status, $told ) );
		return new self( self::kind_of( $status ), array(), $detail );
	}

	private static function kind_of( int $status ): string {
		switch ( $status ) {
			case 401:
			case 403:
				return self::KEY;
			case 404:
			case 410:
				return self::MISSING;
			case 408:
			case 409: // A request with the same meaning is under way.
			case 425:
			case 429:
				return self::AWAY;
		}
		return $status >= 400 && $status < 500 ? self::REFUSED : self::AWAY;
	}
}
