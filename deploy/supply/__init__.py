"""What wickstream is made of: the list of parts, their licences, what is known against them, and no secrets."""
