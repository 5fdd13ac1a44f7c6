"""What Unicode says of characters and hosts: the one part of the classifier that `service.core` reads. Pure, light to import."""
