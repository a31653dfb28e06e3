"""Kafka: topics, record formats, producers and consumers."""
