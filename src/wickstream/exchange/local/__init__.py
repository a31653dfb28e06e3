"""The local exchange: plays recorded trades over Binance's WebSocket and REST, and is the oracle of our tests."""
