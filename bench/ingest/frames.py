"""The frames every contender gets: trades of the real captures, numbered anew over many symbols."""

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate, cycle

import msgspec

CAPTURES = ("spot_btcusdt_2024-08-08.frames.gz", "spot_ethusdt_2024-08-08.frames.gz")
FIRST_ID = 1_000_000_000
BASES = ("BTC", "ETH", "SOL", "XRP", "DOGE", "BNB", "ADA", "TRX", "AVAX", "LINK")


class _Recorded(msgspec.Struct):
    price: str = msgspec.field(name="p")
    quantity: str = msgspec.field(name="q")
    buyer_is_maker: bool = msgspec.field(name="m")


class _Frame(msgspec.Struct):
    data: _Recorded


@dataclass(frozen=True)
class Market:
    """Which trades: a pure function of all this."""

    symbols: int
    trades: int
    begins_ms: int  # trade time of the first
    per_second: int  # trades of all symbols in a second of trade time
    tag: str = ""  # in the symbols' names: what another one has published is not gone on with
    seed: int = 7

    @property
    def names(self) -> tuple[str, ...]:
        """Busiest first."""
        return tuple(f"{BASES[i % len(BASES)]}{self.tag}{i // len(BASES) or ''}USDT" for i in range(self.symbols))


def trade_frames(market: Market) -> Iterator[bytes]:
    """As on `@trade` streams of one combined connection; ids consecutive per symbol, shares by a power law."""
    for name, trade_id, time_ms, row in _trades(market):
        yield (
            b'{"stream":"%b@trade","data":{"e":"trade","E":%d,"s":"%b","t":%d,"p":"%b","q":"%b","T":%d,"m":%b,"M":true}}'
            % (name.lower(), time_ms + 1, name, trade_id, *row[:2], time_ms, row[2])
        )


def agg_frames(market: Market) -> Iterator[bytes]:
    """The same trades as `@aggTrade` frames, one each: cryptofeed asks for that stream and takes no other."""
    for name, trade_id, time_ms, row in _trades(market):
        yield (
            b'{"stream":"%b@aggTrade","data":{"e":"aggTrade","E":%d,"s":"%b","a":%d,"p":"%b","q":"%b","f":%d,"l":%d,'
            b'"T":%d,"m":%b,"M":true}}'
            % (name.lower(), time_ms + 1, name, trade_id, *row[:2], trade_id, trade_id, time_ms, row[2])
        )


def _trades(market: Market) -> Iterator[tuple[bytes, int, int, tuple[bytes, bytes, bytes]]]:
    names = [name.encode() for name in market.names]
    shares = list(accumulate(1 / (rank + 1) for rank in range(len(names))))
    chosen = random.Random(market.seed).choices(range(len(names)), cum_weights=shares, k=market.trades)
    next_ids = [FIRST_ID] * len(names)
    for position, (which, row) in enumerate(zip(chosen, cycle(recorded()))):
        next_ids[which] += 1
        time_ms = market.begins_ms + position * 1_000 // market.per_second
        yield names[which], next_ids[which] - 1, time_ms, row


def recorded(symbol: str = "") -> Iterator[tuple[bytes, bytes, bytes]]:
    """Price, quantity and side of each trade of the captures, or of that symbol's."""
    decoder = msgspec.json.Decoder(_Frame)
    for name in CAPTURES:
        if symbol not in name:
            continue
        with (files("wickstream.exchange.local") / "captures" / name).open("rb") as packed, gzip.open(packed) as lines:
            for line in lines:
                trade = decoder.decode(line.partition(b" ")[2]).data
                maker = b"true" if trade.buyer_is_maker else b"false"
                yield trade.price.encode(), trade.quantity.encode(), maker
