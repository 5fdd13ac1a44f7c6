<?php
/**
 * Signatures of call-backs, as Standard Webhooks has them. It knows nothing of WordPress.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * Verification of a signed call-back.
 */
final class Signature {

	/** Seconds that a call-back's time may differ from ours. */
	const TOLERANCE = 300;

	/** Most signatures that are looked at; more than any change of secrets needs. */
	const MOST = 16;

	/**
	 * Whether a call-back was signed by one of the secrets, and not too long ago.
	 *
	 * @param string[] $secrets    `whsec_` and base64, or just base64.
	 * @param string   $id         Header webhook-id.
	 * @param string   $timestamp  Header webhook-timestamp, seconds since 1970.
	 * @param string   $signatures Header webhook-signature: `v1,<base64>`, several separated by spaces.
	 * @param string   $body       The body, byte for byte.
	 * @param int      $now        Seconds since 1970.
	 */
	public static function good( array $secrets, string $id, string $timestamp, string $signatures, string $body, int $now ): bool {
		if ( 1 !== preg_match( '/\A[\x21-\x7e]{1,256}\z/', $id ) || 1 !== preg_match( '/\A[0-9]{1,12}\z/', $timestamp ) ) {
			return false;
		}
		if ( abs( $now - (int) $timestamp ) > self::TOLERANCE ) {
			return false;
		}
		$presented = array_slice( explode( ' ', $signatures ), 0, self::MOST );
		$good      = false;
		// Every pair is compared, each in constant time: how long it takes says nothing about the secrets.
		foreach ( $secrets as $secret ) {
			$key = base64_decode( (string) preg_replace( '/\Awhsec_/', '', $secret ), true );
			if ( false === $key || strlen( $key ) < 24 ) {
				continue; // No secret of ours is this short; an empty one would let everybody sign.
			}
			$expected = 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$timestamp.$body", $key, true ) );
			foreach ( $presented as $signature ) {
				$good = hash_equals( $expected, $signature ) || $good;
			}
		}
		return $good;
	}
}
