"""Which symbols are followed, and why."""
