"""PROCESS, in bytewax's own environment: one-minute candles of a topic of trades, as doubles; tells what they cost."""

import argparse
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
import bytewax.operators.windowing as win
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kafka
from bytewax.dataflow import Dataflow
from bytewax.testing import run_main

from bench.ingest.cost import Meter, tell

Trade = tuple[float, float, bool, datetime]
Candle = list[float]  # open, high, low, close, volume, quote, taker volume, taker quote, count


def _keyed(message: Any) -> tuple[str, Trade]:
    told = json.loads(message.value)
    time = datetime.fromtimestamp(told["T"] / 1_000, UTC)
    return told["s"], (float(told["p"]), float(told["q"]), told["m"], time)


def _with(candle: Candle, trade: Trade) -> Candle:
    price, quantity, buyer_is_maker, _ = trade
    if not candle:
        candle = [price, price, price, price, 0.0, 0.0, 0.0, 0.0, 0]
    bought = 0.0 if buyer_is_maker else quantity
    return [
        candle[0], max(candle[1], price), min(candle[2], price), price, candle[4] + quantity,
        candle[5] + price * quantity, candle[6] + bought, candle[7] + price * bought, candle[8] + 1,
    ]  # fmt: skip


def _flow(bootstrap_servers: str, topic: str) -> Dataflow:
    flow = Dataflow("candles")
    source = kafka.input(
        "trades", flow, brokers=[bootstrap_servers], topics=[topic], tail=False,
        add_config={"isolation.level": "read_committed"},
    )  # fmt: skip
    windows = win.fold_window(
        "windows",
        op.map("keyed", source.oks, _keyed),
        win.EventClock(lambda trade: trade[3], wait_for_system_duration=timedelta(minutes=1)),
        win.TumblingWindower(length=timedelta(minutes=1), align_to=datetime(2020, 1, 1, tzinfo=UTC)),
        list,
        _with,
        lambda one, other: one + other,
    )
    records = op.map(
        "records", windows.down, lambda row: KafkaSinkMessage(row[0].encode(), json.dumps(row[1]).encode())
    )
    kafka.output("candles_out", records, brokers=[bootstrap_servers], topic="bytewax_candles")
    return flow


def main() -> None:
    """One run over all the topic holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", required=True, help="bootstrap servers")
    parser.add_argument("--topic", required=True)
    parser.add_argument("--trades", type=int, required=True, help="in the topic")
    given = parser.parse_args()
    meter = Meter()
    run_main(_flow(given.kafka, given.topic))
    tell(meter.cost(given.trades))


if __name__ == "__main__":
    main()
