"""PROCESS, in quixstreams' own environment: one-minute candles of a topic of trades, as doubles; tells what they cost.

Without changelog topics, and with closed windows only: the least it can do.
"""

import argparse
import tempfile
from typing import Any

from quixstreams import Application
from quixstreams.dataframe.windows import Count, First, Last, Max, Min, Sum

from bench.ingest.cost import Meter, tell

GRACE_MS = 60_000


def _widened(trade: dict[str, Any]) -> dict[str, Any]:
    price, quantity = float(trade["p"]), float(trade["q"])
    bought = 0.0 if trade["m"] else quantity
    return {"p": price, "q": quantity, "pq": price * quantity, "bq": bought, "bpq": price * bought}


def _time_of(trade: dict[str, Any], *_: object) -> int:
    return int(trade["T"])


def main() -> None:
    """One run over so many trades."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", required=True, help="bootstrap servers")
    parser.add_argument("--topic", required=True)
    parser.add_argument("--trades", type=int, required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        _run(given.kafka, given.topic, given.trades, state)


def _run(bootstrap_servers: str, topic: str, trades: int, state_dir: str) -> None:
    meter, count = Meter(), 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1
        if count == trades:
            tell(meter.cost(trades))
            app.stop()

    app = Application(
        bootstrap_servers,
        consumer_group="quixstreams",
        auto_offset_reset="earliest",
        use_changelog_topics=False,
        consumer_extra_config={"isolation.level": "read_committed"},
        on_message_processed=counted,
        state_dir=state_dir,
        loglevel="WARNING",
    )
    candles = (
        app.dataframe(app.topic(topic, timestamp_extractor=_time_of))
        .apply(_widened)
        .tumbling_window(60_000, grace_ms=GRACE_MS)
        .agg(
            open=First("p"), high=Max("p"), low=Min("p"), close=Last("p"), volume=Sum("q"), quote_volume=Sum("pq"),
            taker_buy_volume=Sum("bq"), taker_buy_quote_volume=Sum("bpq"), trade_count=Count(),
        )
        .final()
    )  # fmt: skip
    candles.to_topic(app.topic("quixstreams_candles"))
    app.run()


if __name__ == "__main__":
    main()
