<?php
/**
 * The settings page: Settings → Antechamber.
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

/**
 * The page, and the two buttons on it that do something.
 */
final class Settings_Page {

	const SLUG = 'antechamber';

	/** Hook in. */
	public static function register( string $plugin ): void {
		add_action( 'admin_menu', array( self::class, 'add' ) );
		add_action( 'admin_init', array( self::class, 'define' ) );
		add_action( 'admin_post_antechamber_test', array( self::class, 'test' ) );
		add_action( 'admin_post_antechamber_run', array( self::class, 'run' ) );
		add_action( 'admin_post_antechamber_moved', array( self::class, 'moved' ) );
		add_action( 'admin_notices', array( self::class, 'notice' ) );
		add_filter( "plugin_action_links_$plugin", array( self::class, 'link' ) );
	}

	/** Add the page to the menu. */
	public static function add(): void {
		add_options_page( 'Antechamber', 'Antechamber', 'manage_options', self::SLUG, array( self::class, 'render' ) );
	}

	/** Announce the settings; core's options.php checks nonce and capability when they are saved. */
	public static function define(): void {
		register_setting(
			self::SLUG,
			Settings::OPTION,
			array(
				'type'              => 'array',
				'sanitize_callback' => array( Settings::class, 'sanitize' ),
				'default'           => Settings::DEFAULTS,
			)
		);
	}

	/** @param string[] $links Below the plugin's name in the list of plugins. */
	public static function link( $links ): array {
		$link = sprintf( '<a href="%s">%s</a>', esc_url( self::address() ), esc_html__( 'Settings', 'antechamber' ) );
		return array_merge( array( $link ), $links );
	}

	/** "Test connection". */
	public static function test(): void {
		self::check( 'antechamber_test' );
		$answer = Client::site();
		self::back( $answer->ok() ? self::praise( $answer->data ) : self::complaint( $answer ), $answer->ok() );
	}

	/** "Try again now". */
	public static function run(): void {
		self::check( 'antechamber_run' );
		Queue::run();
		$left = Queue::waiting();
		/* translators: %d: number of comments. */
		$text = $left ? sprintf( _n( '%d comment still waits.', '%d comments still wait.', $left, 'antechamber' ), $left ) : __( 'Nothing waits any more.', 'antechamber' );
		self::back( $text, 0 === $left );
	}

	/** "This site has moved here". */
	public static function moved(): void {
		self::check( 'antechamber_moved' );
		Settings::moved();
		Queue::soon();
		self::back( __( 'The settings are this address\'s now. If its call-back address has changed, tell the service.', 'antechamber' ), true );
	}

	/** Say on every page of wp-admin that nothing is judged, and why; or that the key goes in the clear. */
	public static function notice(): void {
		if ( ! current_user_can( 'manage_options' ) ) {
			return;
		}
		if ( Settings::stopped() ) {
			self::warn( 'error', __( 'Antechamber is stopped: new comments are held, and nothing is sent.', 'antechamber' ), Answer::elsewhere()->detail );
		} elseif ( '' !== Settings::off() ) {
			self::warn( 'warning', __( 'Antechamber is off: new comments go their usual way, and nobody judges them.', 'antechamber' ), Settings::off() );
		} elseif ( Settings::in_the_clear() ) {
			self::warn( 'warning', __( 'Antechamber is reached by plain http:', 'antechamber' ), __( 'whoever is between this site and the service can read comments, addresses and the key, and answer in its stead. Use https.', 'antechamber' ) );
		}
	}

	private static function warn( string $kind, string $what, string $why ): void {
		printf(
			'<div class="notice notice-%s"><p><strong>%s</strong> %s <a href="%s">%s</a></p></div>',
			esc_attr( $kind ),
			esc_html( $what ),
			esc_html( $why ),
			esc_url( self::address() ),
			esc_html__( 'Settings', 'antechamber' )
		);
	}

	/** The page. */
	public static function render(): void {
		if ( ! current_user_can( 'manage_options' ) ) {
			return;
		}
		$waiting = Queue::waiting();
		?>
		<div class="wrap">
			<h1>Antechamber</h1>
			<?php self::show_result(); ?>
			<form action="options.php" method="post">
				<?php settings_fields( self::SLUG ); ?>
				<table class="form-table" role="presentation">
					<?php
					self::row( 'url', __( 'Address of the service', 'antechamber' ), array( self::class, 'text_field' ), __( 'For example https://antechamber.example.org', 'antechamber' ) );
					self::row( 'api_key', __( 'API key', 'antechamber' ), array( self::class, 'secret_field' ), __( 'As "antechamber sites add" printed it.', 'antechamber' ) );
					self::row( 'secrets', __( 'Webhook secret', 'antechamber' ), array( self::class, 'secret_field' ), __( 'Call-backs are signed with it. While you change it, the old and the new one, separated by a space.', 'antechamber' ) );
					self::row( 'max_wait', __( 'Longest wait', 'antechamber' ), array( self::class, 'seconds_field' ), __( 'Seconds that somebody who comments waits for the decision. After that the comment is held and decided a little later. 0: nobody waits.', 'antechamber' ) );
					self::row( 'trust_new', __( 'Newcomers', 'antechamber' ), array( self::class, 'check_field' ), __( 'Publish what the service approves even if its author has no approved comment yet. Your other Discussion settings always hold: moderation of every comment, words, links.', 'antechamber' ) );
					self::row( 'route_akismet', __( 'Akismet plugin', 'antechamber' ), array( self::class, 'check_field' ), __( 'Send the calls of the Akismet plugin to the service instead of akismet.com. That plugin then has comments judged, with the key printed as "akismet_key", and this one leaves new comments to it.', 'antechamber' ) );
					?>
					<tr>
						<th scope="row"><?php esc_html_e( 'Call-back address', 'antechamber' ); ?></th>
						<td><code><?php echo esc_html( Callback::address() ); ?></code>
							<p class="description"><?php esc_html_e( 'Tell the service, so that decisions reach this site: antechamber sites set NAME --callback ADDRESS', 'antechamber' ); ?></p></td>
					</tr>
				</table>
				<?php submit_button(); ?>
			</form>
			<h2><?php esc_html_e( 'Connection', 'antechamber' ); ?></h2>
			<?php
			if ( Settings::stopped() ) {
				self::button( 'antechamber_moved', __( 'This site has moved here', 'antechamber' ) );
			}
			self::button( 'antechamber_test', __( 'Test connection', 'antechamber' ) );
			?>
			<p>
				<?php
				/* translators: %d: number of comments. */
				echo esc_html( sprintf( _n( '%d comment waits for the service.', '%d comments wait for the service.', $waiting, 'antechamber' ), $waiting ) );
				?>
			</p>
			<?php self::button( 'antechamber_run', __( 'Try again now', 'antechamber' ) ); ?>
		</div>
		<?php
	}

	/** @param callable $field Prints the field; gets its name and whether wp-config.php decides it. */
	private static function row( string $name, string $title, callable $field, string $description ): void {
		$fixed = Settings::is_constant( $name );
		echo '<tr><th scope="row"><label for="antechamber-' . esc_attr( $name ) . '">' . esc_html( $title ) . '</label></th><td>';
		$field( $name, $fixed );
		echo '<p class="description" id="antechamber-' . esc_attr( $name ) . '-description">' . esc_html( $description );
		if ( $fixed ) {
			echo ' ' . esc_html__( 'Set in wp-config.php.', 'antechamber' );
		}
		echo '</p></td></tr>';
	}

	/** The address. */
	public static function text_field( string $name, bool $fixed ): void {
		self::input( $name, 'url', Settings::url(), $fixed, 'class="regular-text code" placeholder="https://"' );
	}

	/** A secret, which is never shown: the field is empty, and leaving it so keeps what there is. */
	public static function secret_field( string $name, bool $fixed ): void {
		$there = 'api_key' === $name ? '' !== Settings::api_key() : array() !== Settings::secrets();
		$hint  = $there ? __( 'Set; leave empty to keep it', 'antechamber' ) : '';
		self::input( $name, 'password', '', $fixed, 'class="regular-text code" autocomplete="off" placeholder="' . esc_attr( $hint ) . '"' );
	}

	/** Seconds. */
	public static function seconds_field( string $name, bool $fixed ): void {
		self::input( $name, 'number', (string) Settings::max_wait(), $fixed, 'class="small-text" min="0" max="10" step="1"' );
	}

	/** Yes or no. */
	public static function check_field( string $name, bool $fixed ): void {
		$on = 'trust_new' === $name ? Settings::trust_new() : Settings::wants_akismet();
		self::input( $name, 'checkbox', '1', $fixed, checked( $on, true, false ) );
	}

	/** @param string $more Attributes, escaped already. */
	private static function input( string $name, string $type, string $value, bool $fixed, string $more ): void {
		printf(
			'<input type="%1$s" id="antechamber-%2$s" name="%3$s[%2$s]" value="%4$s" aria-describedby="antechamber-%2$s-description" %5$s %6$s>',
			esc_attr( $type ),
			esc_attr( $name ),
			esc_attr( Settings::OPTION ),
			esc_attr( $value ),
			disabled( $fixed, true, false ),
			$more // phpcs:ignore WordPress.Security.EscapeOutput -- made of literals and escaped values above.
		);
	}

	private static function button( string $action, string $label ): void {
		echo '<form action="' . esc_url( admin_url( 'admin-post.php' ) ) . '" method="post">';
		echo '<input type="hidden" name="action" value="' . esc_attr( $action ) . '">';
		wp_nonce_field( $action );
		submit_button( $label, 'secondary', $action, false );
		echo '</form>';
	}

	private static function check( string $action ): void {
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'You may not do that.', 'antechamber' ), 403 );
		}
		check_admin_referer( $action );
	}

	private static function praise( array $site ): string {
		/* translators: %s: the site's name at the service. */
		$text = sprintf( __( 'Connected: the service knows this site as "%s".', 'antechamber' ), is_string( $site['id'] ?? null ) ? $site['id'] : '?' );
		$goes = is_string( $site['callback'] ?? null ) ? $site['callback'] : '';
		if ( Callback::address() !== $goes ) {
			$text .= ' ' . ( '' === $goes
				? __( 'It has no call-back address for it, so later decisions are asked for every few minutes instead.', 'antechamber' )
				/* translators: %s: an address. */
				: sprintf( __( 'But its call-backs go to %s, which is not this site\'s call-back address.', 'antechamber' ), $goes ) );
		} elseif ( array() === Settings::secrets() ) {
			$text .= ' ' . __( 'But the webhook secret is not set, so its call-backs are refused here.', 'antechamber' );
		}
		return $text . self::to_relax( $site );
	}

	/** What the service demands of a comment and this site does not: then it refuses what is published here. Empty if nothing. */
	private static function to_relax( array $site ): string {
		$optional = ! get_option( 'require_name_email' );
		$options  = array();
		if ( ! empty( $site['require_email'] ) && ( $optional || 'open' === get_option( 'default_ping_status' ) ) ) {
			$options[] = '--no-require-email';
		}
		if ( ! empty( $site['require_name'] ) && $optional ) {
			$options[] = '--no-require-name';
		}
		if ( ! $options ) {
			return '';
		}
		/* translators: %s: a command line. */
		return ' ' . sprintf( __( 'It refuses pingbacks and comments without a name or an e-mail address, which this site takes. To let them in: %s', 'antechamber' ), 'antechamber sites set ' . ( is_string( $site['id'] ?? null ) ? $site['id'] : 'NAME' ) . ' ' . implode( ' ', $options ) );
	}

	private static function complaint( Answer $answer ): string {
		/* translators: %s: what went wrong. */
		return sprintf( __( 'No connection. %s', 'antechamber' ), $answer->detail );
	}

	private static function back( string $text, bool $good ): void {
		set_transient( 'antechamber_result_' . get_current_user_id(), array( $text, $good ), MINUTE_IN_SECONDS );
		wp_safe_redirect( self::address() );
		exit;
	}

	private static function show_result(): void {
		$name   = 'antechamber_result_' . get_current_user_id();
		$result = get_transient( $name );
		if ( is_array( $result ) ) {
			delete_transient( $name );
			printf( '<div class="notice notice-%s"><p>%s</p></div>', $result[1] ? 'success' : 'error', esc_html( $result[0] ) );
		}
	}

	private static function address(): string {
		return admin_url( 'options-general.php?page=' . self::SLUG );
	}
}
