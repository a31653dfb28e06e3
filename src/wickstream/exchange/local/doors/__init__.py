"""What clients meet: WebSocket, REST, archive and oracle."""
