"""From one fence to the next: frames in, transactions out."""
