<?php
// The tests' way into a blog beside its pages: php blog.php COMMAND, arguments as JSON on standard input, result as JSON.
error_reporting( E_ALL );
$command   = $argv[1];
$arguments = json_decode( stream_get_contents( STDIN ), true );

$_SERVER['HTTP_HOST']       = wp_host();
$_SERVER['REQUEST_URI']     = $arguments['path'] ?? '/'; // Which site of a network.
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
if ( 'install' === $command ) {
	define( 'WP_INSTALLING', true );
}
require getenv( 'BLOG_ROOT' ) . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';

function wp_host(): string {
	$url = parse_url( getenv( 'BLOG_URL' ) );
	return $url['host'] . ':' . $url['port'];
}

function install( array $a ) {
	wp_install( 'A test blog', $a['user'], 'admin@example.com', true, '', wp_slash( $a['password'] ) );
	switch_theme( 'twentytwentythree' );
	return get_bloginfo( 'version' );
}

function activate( array $a ) {
	$error = activate_plugin( $a['plugin'] );
	return is_wp_error( $error ) ? $error->get_error_message() : 'active';
}

/** Make a network of it; from the next command on, with BLOG_NETWORK, it is one. */
function network() {
	global $wpdb;
	require_once ABSPATH . 'wp-admin/includes/schema.php';
	foreach ( $wpdb->tables( 'ms_global' ) as $table => $prefixed ) {
		$wpdb->$table = $prefixed;
	}
	install_network();
	return populate_network( 1, wp_host(), 'admin@example.com', 'A network', '/', false );
}

/** Another site of the network; the plugin works for all of them. */
function add_blog( array $a ) {
	$error = activate_plugin( $a['plugin'], '', true );
	$blog  = is_wp_error( $error ) ? $error : wp_insert_site( array( 'domain' => wp_host(), 'path' => $a['named'], 'network_id' => 1, 'user_id' => 1, 'title' => 'Another' ) );
	if ( is_wp_error( $blog ) ) {
		return $blog->get_error_message();
	}
	global $wpdb; // WordPress forgets the port.
	$wpdb->update( $wpdb->blogs, array( 'domain' => wp_host() ), array( 'blog_id' => $blog ) );
	foreach ( array( 'home', 'siteurl' ) as $name ) {
		update_blog_option( $blog, $name, getenv( 'BLOG_URL' ) . untrailingslashit( $a['named'] ) );
	}
	return $blog;
}

/** A visitor's comment; its number. */
function submit( array $a ) {
	$_SERVER['REMOTE_ADDR'] = '192.0.2.7';
	$comment                = wp_handle_comment_submission(
		wp_slash( array( 'comment_post_ID' => 1, 'author' => 'Ann', 'email' => 'ann@example.com', 'url' => '', 'comment' => $a['text'] ) )
	);
	return is_wp_error( $comment ) ? $comment->get_error_message() : (int) $comment->comment_ID;
}

function uninstall( array $a ) {
	deactivate_plugins( $a['plugin'] );
	return uninstall_plugin( $a['plugin'] );
}

function option( array $a ) {
	return array_key_exists( 'value', $a ) ? update_option( $a['name'], $a['value'] ) : get_option( $a['name'] );
}

function user( array $a ) {
	return wp_insert_user( array( 'user_login' => $a['user'], 'user_pass' => $a['password'], 'user_email' => $a['user'] . '@example.com', 'role' => $a['role'] ) );
}

/** Every comment, as the database has it, with its meta. */
function comments() {
	$found = array();
	foreach ( get_comments( array( 'status' => 'any', 'orderby' => 'comment_ID', 'order' => 'ASC' ) ) as $comment ) {
		$meta = array();
		foreach ( get_comment_meta( (int) $comment->comment_ID ) as $key => $values ) {
			$meta[ $key ] = array_map( 'maybe_unserialize', $values )[0];
		}
		$found[] = array(
			'id'      => (int) $comment->comment_ID,
			'status'  => $comment->comment_approved,
			'content' => $comment->comment_content,
			'email'   => $comment->comment_author_email,
			'meta'    => (object) $meta,
		);
	}
	return $found;
}

/** What a plugin does that lets visitors edit their own comments, when nobody is logged in; or a moderator's edit. */
function edit( array $a ) {
	if ( isset( $a['user'] ) ) {
		wp_set_current_user( get_user_by( 'login', $a['user'] )->ID );
	}
	return wp_update_comment( array( 'comment_ID' => $a['id'], 'comment_content' => wp_slash( $a['content'] ) ) );
}

/** What another plugin does: a change of status that is no human's. */
function set_status( array $a ) {
	return wp_set_comment_status( $a['id'], $a['status'] );
}

/** Change what our plugin has noted of a comment. */
function record( array $a ) {
	$details = array_merge( get_comment_meta( $a['id'], '_antechamber', true ), $a['changes'] );
	return update_comment_meta( $a['id'], '_antechamber', wp_slash( $details ) );
}

/** What some plugin asks some host. */
function http_post( array $a ) {
	$response = wp_remote_post( $a['url'], array( 'body' => $a['body'] ) );
	return is_wp_error( $response ) ? $response->get_error_message() : wp_remote_retrieve_body( $response );
}

/**
 * What form plugins do: ask by the Akismet plugin's own call, with the visitor's words and whatever the web server knows beside
 * them. Whether it is spam: they look at nothing but that.
 */
function form( array $a ) {
	$server = array( 'HTTP_USER_AGENT' => 'Mozilla/5.0', 'HTTP_REFERER' => getenv( 'BLOG_URL' ) . '/contact', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'argc' => 1 );
	$fields = $a['fields'] + array(
		'blog' => get_option( 'home' ), 'blog_lang' => get_locale(), 'blog_charset' => get_option( 'blog_charset' ),
		'user_ip' => '192.0.2.7', 'user_agent' => 'Mozilla/5.0', 'referrer' => $server['HTTP_REFERER'],
		'comment_date_gmt' => gmdate( DATE_ATOM ), 'permalink' => get_permalink( 1 ),
	) + $server;
	$answer = Akismet::http_post( http_build_query( $fields, '', '&' ), 'comment-check' );
	return 'true' === $answer[1];
}

/** Its first two numbers. */
function akismet_version() {
	return array_map( 'intval', array_slice( explode( '.', AKISMET_VERSION ), 0, 2 ) );
}

/** When the next run of a cron hook is due, in seconds from now; null for never. */
function cron( array $a ) {
	$next = wp_next_scheduled( $a['hook'] );
	return $next ? $next - time() : null;
}

/** Have time pass for a cron hook: its event is due now. */
function due( array $a ) {
	$was = wp_next_scheduled( $a['hook'] );
	wp_clear_scheduled_hook( $a['hook'] );
	wp_schedule_single_event( time() - 1, $a['hook'] );
	return (bool) $was;
}

/** Have time pass for a comment: what we noted of it happened `seconds` earlier. */
function age( array $a ) {
	$details          = get_comment_meta( $a['id'], '_antechamber', true );
	$details['since'] = $details['since'] - $a['seconds'];
	return update_comment_meta( $a['id'], '_antechamber', wp_slash( $details ) );
}

/** Rows that name the plugin, wherever they are. */
function traces() {
	global $wpdb;
	return array_merge(
		$wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE '%antechamber%'" ),
		$wpdb->get_col( "SELECT DISTINCT meta_key FROM $wpdb->commentmeta WHERE meta_key LIKE '%antechamber%'" ),
		array_keys( array_filter( _get_cron_array(), static function ( $hooks ) { return isset( $hooks['antechamber_queue'] ); } ) )
	);
}

/** Run WordPress's own tools for personal data to their end. */
function personal_data( array $a ) {
	$done = array();
	foreach ( apply_filters( 'wp_privacy_personal_data_' . $a['what'], array() ) as $name => $tool ) {
		$done[ $name ] = call_user_func( $tool['callback'], $a['email'], 1 );
	}
	return $done;
}

ob_start();
$result = $command( is_array( $arguments ) ? $arguments : array() );
ob_end_clean();
echo wp_json_encode( $result );
