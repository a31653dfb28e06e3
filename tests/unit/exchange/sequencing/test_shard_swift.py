"""Trades taken swiftly come out as if each frame had been looked at."""

from itertools import chain
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from wickstream.bus import topics
from wickstream.bus.producer import Header, Record, singly
from wickstream.exchange.sequencing.clock import ExchangeClock
from wickstream.exchange.sequencing.shard import Shard

MIDNIGHT_MS = 1_723_161_600_000
NOW_S = 1_000.0
SYMBOLS = ("BTCUSDT", "ETHUSDT")
ODD_PRICES = ("1.5", "x", "-1.50000000", "1.500000001", ".50000000", "1234567890123.00000000", "1e5", "1.5000000٣")


def a_shard() -> Shard:
    clock = ExchangeClock()
    clock.sync(MIDNIGHT_MS, now_s=NOW_S)
    shard = Shard(SYMBOLS, clock, instance="me")
    for sequencer in shard.sequencers.values():
        sequencer.start_at(1, now_s=NOW_S)
    return shard


def spot_frame(trade_id: int, at_ms: int, symbol: str, price: str = "1.50000000") -> bytes:
    """As Spot writes it, to the byte."""
    data = b'{"e":"trade","E":%d,"s":"%b","t":%d,"p":"%b","q":"2.00000000","T":%d,"m":true,"M":true}'
    at = MIDNIGHT_MS + at_ms
    written = data % (at, symbol.encode(), trade_id, price.encode(), at)
    return b'{"stream":"%b@trade","data":%b}' % (symbol.lower().encode(), written)


def ticker_frame(last_id: int, at_ms: int, symbol: str) -> bytes:
    zeros = ",".join(f'"{name}":"0.0"' for name in "pPcohlvq")
    told = f'"E":{MIDNIGHT_MS + at_ms},"s":"{symbol}","C":{MIDNIGHT_MS + at_ms},"F":1,"L":{last_id},"n":1,{zeros}'
    return f'{{"stream":"{symbol.lower()}@ticker","data":{{"e":"24hrTicker",{told}}}}}'.encode()


def slowly(frame: bytes) -> bytes:
    """The same frame, written as the swift way does not take it: as nobody would see in what comes out."""
    return frame + b" "


def made_frames(chance: Random) -> list[tuple[int, bytes]]:
    """With their times: mostly the next trade of some symbol, sometimes one that needs a second look."""
    frames, at_ms, ids = [], 0, dict.fromkeys((*SYMBOLS, "NOBODYUSDT"), 0)
    for _ in range(60):
        at_ms += chance.choice((0, 0, 1, 700, 20_000))
        symbol = chance.choice(("BTCUSDT",) * 6 + ("ETHUSDT",) * 3 + ("NOBODYUSDT",))
        ids[symbol] += chance.choice((1,) * 20 + (0, 2))
        if chance.random() < 0.05:
            frames.append((at_ms, ticker_frame(ids[symbol], at_ms, symbol)))
            continue
        told_ms = at_ms + chance.choice((0,) * 50 + (-50, 4_000, 90_000_000, -90_000_000))
        stream = chance.choice((symbol,) * 50 + ("ETHUSDT",))
        price = chance.choice(("1.50000000", "0.00012000", "61837.63000000") * 20 + ODD_PRICES)
        frame = spot_frame(ids[symbol], told_ms, symbol, price)
        frames.append((at_ms, frame.replace(symbol.lower().encode(), stream.lower().encode(), 1)))
    return frames


def records_of(shard: Shard, after_ms: int) -> list[Record]:
    return list(chain.from_iterable(map(singly, shard.take_records(now_s=NOW_S + after_ms / 1_000))))


def shape(records: list[Record]) -> list[tuple[str, str, bytes, list[Header]]]:
    """Letters as they are; the rest without what `slowly` added."""
    flowing = [record for record in records if record.topic != topics.DEAD_LETTERS]
    return [(one.topic, one.key, one.value.rstrip(), list(one.headers)) for one in flowing]


@given(st.integers(0, 2**32))
@settings(max_examples=200)
def test_what_is_taken_swiftly_comes_out_as_if_each_frame_had_been_looked_at(seed: int) -> None:
    chance = Random(seed)
    frames = made_frames(chance)
    swift, slow = a_shard(), a_shard()
    while frames:
        read, frames = frames[: (cut := chance.randint(1, 9))], frames[cut:]
        at_ms = read[-1][0]
        at_s = NOW_S + at_ms / 1_000
        swift.on_read([frame for _, frame in read], at_s, now_s=at_s)
        slow.on_read([slowly(frame) for _, frame in read], at_s, now_s=at_s)
        if chance.random() < 0.3:
            came, wanted = records_of(swift, at_ms), records_of(slow, at_ms)
            assert shape(came) == shape(wanted)
            assert len(came) == len(wanted)

    assert shape(records_of(swift, 0)) == shape(records_of(slow, 0))
    assert [one.hole() for one in swift.sequencers.values()] == [one.hole() for one in slow.sequencers.values()]
    assert swift.newest_trade_ms == slow.newest_trade_ms
    assert swift.taken_by_source == slow.taken_by_source
