"""What is traded when: recordings, made-up markets, and their past. Pure."""
