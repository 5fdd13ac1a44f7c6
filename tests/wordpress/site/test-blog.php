<?php
// A must-use plugin of the test blogs: no flood check, since tests post faster than people; and mail goes to a file.
remove_all_actions( 'check_comment_flood' );
add_filter( 'pre_option_moderation_notify', '__return_true' );
add_filter(
	'pre_wp_mail',
	static function ( $done, $mail ) {
		$line = wp_json_encode( array( 'to' => $mail['to'], 'subject' => $mail['subject'] ) ) . "\n";
		file_put_contents( getenv( 'BLOG_MAIL' ), $line, FILE_APPEND | LOCK_EX );
		return true;
	},
	10,
	2
);
