"""`/api/v1`: a route a file, by what it is about."""
