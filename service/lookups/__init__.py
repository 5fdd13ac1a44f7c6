"""What is looked up elsewhere about who sent a comment: mail domains, lists of addresses, Project Honey Pot."""
