"""The API and live push, under load."""
