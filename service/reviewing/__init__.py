"""The use cases of moderators: the lists and what is known of a comment, deciding and taking back, many at once."""
