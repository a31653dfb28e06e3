"""Ingest: what a message costs from the exchange's socket to acknowledged Kafka records, beside others."""
