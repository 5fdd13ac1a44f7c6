"""What people and programs may do with the service, one file a noun; every change of data goes through here."""
