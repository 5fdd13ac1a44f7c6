<?php
/**
 * The REST route where the service tells of decisions: signed, fresh, and heard once.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * The receiver of call-backs.
 */
final class Callback {

	const SPACE = 'antechamber/v1';
	const ROUTE = '/callback';

	/** Hook in. */
	public static function register(): void {
		add_action( 'rest_api_init', array( self::class, 'add_route' ) );
	}

	/** The address that the service is to be told. */
	public static function address(): string {
		return rest_url( self::SPACE . self::ROUTE );
	}

	/** Announce the route. */
	public static function add_route(): void {
		register_rest_route(
			self::SPACE,
			self::ROUTE,
			array(
				'methods'             => 'POST',
				'callback'            => array( self::class, 'receive' ),
				'permission_callback' => array( self::class, 'verify' ),
			)
		);
	}

	/**
	 * Whether a request is the service's.
	 *
	 * @param \WP_REST_Request $request The request.
	 * @return bool|\WP_Error
	 */
	public static function verify( \WP_REST_Request $request ) {
		if ( Settings::stopped() ) {
			return new \WP_Error( 'antechamber_stopped', __( 'This may be a copy of the site; nothing is heard here until somebody says so.', 'antechamber' ), array( 'status' => 503 ) );
		}
		$good = Signature::good(
			Settings::secrets(),
			(string) $request->get_header( 'webhook-id' ),
			(string) $request->get_header( 'webhook-timestamp' ),
			(string) $request->get_header( 'webhook-signature' ),
			(string) $request->get_body(),
			time()
		);
		return $good ? true : new \WP_Error( 'antechamber_signature', __( 'The signature is missing, wrong or too old.', 'antechamber' ), array( 'status' => 401 ) );
	}

	/**
	 * Take in a decision. Everything but "try again" is answered with 200, also what we have no use for, so that the service
	 * does not repeat it for days.
	 *
	 * @param \WP_REST_Request $request The verified request.
	 */
	public static function receive( \WP_REST_Request $request ): \WP_REST_Response {
		$heard = 'antechamber_' . md5( (string) $request->get_header( 'webhook-id' ) );
		if ( get_transient( $heard ) ) {
			return self::answer( 'repeated' );
		}
		$told = json_decode( (string) $request->get_body(), true, 32 );
		$view = is_array( $told['data'] ?? null ) ? $told['data'] : array();
		$id   = Client::comment_id( is_string( $view['platform_id'] ?? null ) ? $view['platform_id'] : '' );
		$word = $id && 0 === strpos( (string) ( $told['type'] ?? '' ), 'comment.' ) && 'erased' !== ( $view['state'] ?? '' )
			? Decisions::take( $id, $view, Decisions::TOLD )
			: 'ignored';
		if ( 'busy' === $word ) {
			return self::answer( $word, 503 );
		}
		set_transient( $heard, 1, DAY_IN_SECONDS ); // Only now: had we died before, it would have to come again.
		return self::answer( $word );
	}

	private static function answer( string $word, int $status = 200 ): \WP_REST_Response {
		return new \WP_REST_Response( array( 'status' => $word ), $status );
	}
}
