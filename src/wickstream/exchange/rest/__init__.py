"""Questions to the exchange's REST hosts and its archive, under one weight budget."""
