"""From a published trade to what is made of it."""
