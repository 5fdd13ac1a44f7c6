"""The moderators' page in a real browser, against the running service."""
