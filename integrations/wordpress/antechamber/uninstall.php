<?php
/**
 * What happens when the plugin is deleted: everything of it goes. Comments stay as they are, and what the service keeps of
 * them is the service's operator's to erase.
 *
 * @package Antechamber
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/**
 * Remove everything of ours from the current site.
 */
function antechamber_remove_all(): void {
	global $wpdb;
	wp_clear_scheduled_hook( 'antechamber_queue' );
	delete_option( 'antechamber_settings' );
	foreach ( array( '_antechamber', '_antechamber_state', '_antechamber_feedback' ) as $key ) {
		delete_metadata( 'comment', 0, $key, '', true );
	}
	foreach ( array( 'antechamber_', '_transient_antechamber_', '_transient_timeout_antechamber_' ) as $start ) {
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- the options API has no search.
		$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name LIKE %s", $wpdb->esc_like( $start ) . '%' ) );
	}
}

if ( is_multisite() ) {
	foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $antechamber_site ) {
		switch_to_blog( $antechamber_site );
		antechamber_remove_all();
		restore_current_blog();
	}
} else {
	antechamber_remove_all();
}
