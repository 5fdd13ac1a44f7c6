"""The moderators' API and page, `/review`."""
