"""From the exchange to the bus: feed, REST client, sequencer, connector; and the local exchange."""
