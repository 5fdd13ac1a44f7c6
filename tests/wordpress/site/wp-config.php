<?php
// The test blogs' configuration: one copy of WordPress, several blogs, told apart by the environment.
define( 'DB_NAME', getenv( 'BLOG_DATABASE' ) );
define( 'DB_USER', getenv( 'BLOG_USER' ) );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:' . getenv( 'BLOG_SOCKET' ) );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
if ( getenv( 'BLOG_NETWORK' ) ) { // Each of its sites has an address of its own.
	define( 'MULTISITE', true );
	define( 'SUBDOMAIN_INSTALL', false );
	define( 'DOMAIN_CURRENT_SITE', substr( getenv( 'BLOG_URL' ), strlen( 'http://' ) ) );
	define( 'PATH_CURRENT_SITE', '/' );
	define( 'SITE_ID_CURRENT_SITE', 1 );
	define( 'BLOG_ID_CURRENT_SITE', 1 );
} else {
	define( 'WP_HOME', getenv( 'BLOG_URL' ) );
	define( 'WP_SITEURL', getenv( 'BLOG_URL' ) );
}
define( 'WP_CONTENT_DIR', __DIR__ . '/wp-content' );
foreach ( array( 'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT' ) as $name ) {
	define( $name, hash( 'sha256', $name . getenv( 'BLOG_DATABASE' ) ) );
}
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', getenv( 'BLOG_LOG' ) );
define( 'DISABLE_WP_CRON', true ); // The tests say when cron runs.
define( 'WP_HTTP_BLOCK_EXTERNAL', true ); // Nothing but this machine is asked.
define( 'AUTOMATIC_UPDATER_DISABLED', true );
$table_prefix = 'wp_';
defined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );
require_once ABSPATH . 'wp-settings.php';
