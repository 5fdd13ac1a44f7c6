<?php
/**
 * Plugin Name: Antechamber
 * Description: Comments wait until your own Antechamber service has judged them for spam and toxicity. Nothing is lost when the service is away, and your moderators' word is final.
 * Version: 0.1.0
 * Author: The Antechamber contributors
 * Requires at least: 6.1
 * Requires PHP: 7.4
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain: antechamber
 * Domain Path: /languages
 *
 * @package Antechamber
 */

namespace Antechamber;

defined( 'ABSPATH' ) || exit;

const VERSION = '0.1.0';

foreach ( array( 'settings', 'answer', 'client', 'record', 'signature', 'queue', 'decisions', 'intake', 'feedback', 'callback', 'akismet', 'privacy' ) as $antechamber_part ) {
	require_once __DIR__ . "/includes/class-$antechamber_part.php";
}

Settings::register();
Intake::register();
Decisions::register();
Feedback::register();
Queue::register();
Callback::register();
Akismet::register();
Privacy::register();

if ( is_admin() ) {
	require_once __DIR__ . '/includes/class-settings-page.php';
	require_once __DIR__ . '/includes/class-comment-view.php';
	Settings_Page::register( plugin_basename( __FILE__ ) );
	Comment_View::register( plugins_url( 'assets/admin.css', __FILE__ ) );
}

add_action(
	'init',
	static function (): void {
		load_plugin_textdomain( 'antechamber', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
	}
);

register_deactivation_hook( __FILE__, array( Queue::class, 'unschedule' ) );
