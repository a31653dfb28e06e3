"""Keeps processes running, and leaves none behind."""
