"""Reads of the tiers, beside the bare client that reads the same."""
