"""Local Kafka, PostgreSQL and Valkey: how to get, prepare and start them without Docker."""
