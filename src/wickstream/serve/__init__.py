"""From the tiers to the user: HTTP, live push, the page."""
