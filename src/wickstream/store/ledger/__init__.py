"""Double-entry bookkeeping: what is marked against what is closed."""
