"""The three tiers: written at the pace of the whole market, and read beside the bare clients."""
