"""Live push: streams as the exchange has them over WebSockets, and the same as server-sent events."""
