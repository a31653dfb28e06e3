"""The pictures of README and docs, drawn from what the code says: `make pictures`."""
