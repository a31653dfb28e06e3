"""One series over three tiers."""
