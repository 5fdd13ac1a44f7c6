"""What moderators do at the page: the queue, one comment, decisions, many at once."""
