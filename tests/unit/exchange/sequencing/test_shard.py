from itertools import chain

import msgspec
import pytest

from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.bus.producer import Record, singly
from wickstream.events import MINUTE_MS, Author, Gap, Mark, SymbolEvent
from wickstream.exchange.sequencing.clock import ExchangeClock
from wickstream.exchange.sequencing.shard import LETTER_LIMIT_BYTES, Shard

MIDNIGHT_MS = 1_723_161_600_000
NOW_S = 1_000.0


def a_shard(*symbols: str) -> Shard:
    """Started with trade 1, at midnight."""
    clock = ExchangeClock()
    clock.sync(MIDNIGHT_MS, now_s=NOW_S)
    shard = Shard(symbols or ("BTCUSDT",), clock, instance="me")
    for sequencer in shard.sequencers.values():
        sequencer.start_at(1, now_s=NOW_S)
    return shard


def trade_data(trade_id: int, at_ms: int, symbol: str = "BTCUSDT") -> bytes:
    return b'{"e":"trade","E":9,"s":"%b","t":%d,"p":"1.5","q":"2","T":%d,"m":true, "M":true}' % (
        symbol.encode(),
        trade_id,
        MIDNIGHT_MS + at_ms,
    )


def ticker_data(last_id: int, at_ms: int) -> bytes:
    zeros = dict.fromkeys("pPcohlvq", "0.0")
    times = {"E": MIDNIGHT_MS + at_ms + 20, "C": MIDNIGHT_MS + at_ms}
    return msgspec.json.encode({"e": "24hrTicker", "s": "BTCUSDT", **times, "F": 1, "L": last_id, "n": 1, **zeros})


def enveloped(data: bytes, kind: str = "trade") -> bytes:
    return b'{"stream":"btcusdt@%b","data":%b}' % (kind.encode(), data)


def spot_frame(trade_id: int, at_ms: int, symbol: str = "BTCUSDT", price: str = "1.50000000") -> bytes:
    """As Spot writes it, to the byte."""
    data = b'{"e":"trade","E":%d,"s":"%b","t":%d,"p":"%b","q":"2.00000000","T":%d,"m":true,"M":true}'
    at = MIDNIGHT_MS + at_ms
    written = data % (at, symbol.encode(), trade_id, price.encode(), at)
    return b'{"stream":"%b@trade","data":%b}' % (symbol.lower().encode(), written)


def take(shard: Shard, *frames: bytes, after_ms: int = 0, producers_ms: int = 0) -> list[Record]:
    now_s = NOW_S + after_ms / 1_000
    shard.on_read(frames, now_s, now_s=now_s, epoch_us=42 - int(now_s * 1e6))
    taken = shard.take_records(now_s=now_s, producers_ms=producers_ms)
    return list(chain.from_iterable(map(singly, taken)))


def of(records: list[Record], topic: str) -> list[Record]:
    return [record for record in records if record.topic == topic]


def test_a_trade_is_published_byte_for_byte_with_its_source_and_key() -> None:
    data = trade_data(1, 10)

    (record,) = take(a_shard(), enveloped(data))

    assert record == Record(topics.RAW_TRADES, "BTCUSDT", data, [("ingested_at", b"42"), ("source", b"ws")])


def test_a_ticker_is_published_byte_for_byte() -> None:
    data = ticker_data(0, 10)

    (record,) = take(a_shard(), enveloped(data, "ticker"))

    assert (record.topic, record.key, record.value) == (topics.RAW_TICKERS, "BTCUSDT", data)
    assert dict(record.headers) == {"ingested_at": b"42", "instance": b"me"}


def test_a_mark_travels_with_the_trade_that_proves_it_and_behind_it() -> None:
    shard = a_shard()
    frames = [enveloped(trade_data(number, number * MINUTE_MS // 2)) for number in range(1, 5)]

    records = [
        record
        for number, frame in enumerate(frames)
        for record in take(shard, frame, after_ms=number * 30_000 + 30_000, producers_ms=7_000 + number)
    ]

    assert [record.topic for record in records] == [*[topics.RAW_TRADES] * 4, topics.MINUTE_MARKS]
    mark = decode(records[-1].value, Mark)
    assert (mark.open_time, mark.trade_count, mark.id_sum) == (MIDNIGHT_MS + MINUTE_MS, 2, 5)
    assert dict(records[-1].headers) == {"schema_version": b"1", "instance": b"me", "since": b"7003"}


def test_nothing_is_taken_twice() -> None:
    shard = a_shard()
    take(shard, enveloped(trade_data(1, 10)), b"garbage")

    assert take(shard) == []


def test_a_malformed_frame_is_set_aside_untouched_and_the_rest_flows() -> None:
    broken = [b"garbage", enveloped(b'{"e":"trade"}'), enveloped(b'{"e":"24hrTicker"}', "ticker"), b'{"e":"x"}']

    records = take(a_shard(), *broken, enveloped(trade_data(1, 10)))

    letters = of(records, topics.DEAD_LETTERS)
    assert [record.value for record in letters] == broken
    assert all(dict(record.headers)["reason"].startswith(b"malformed") for record in letters)
    assert len(of(records, topics.RAW_TRADES)) == 1


def test_a_malformed_frame_too_large_for_kafka_is_cut() -> None:
    (letter,) = take(a_shard(), b"x" * 1_048_576)

    assert len(letter.value) == LETTER_LIMIT_BYTES


@pytest.mark.parametrize("padding", [b',"pad":"%b"}}', b',"pad":"%b","M":true}}'], ids=["at the end", "in the midst"])
def test_a_trade_too_large_for_kafka_is_set_aside_and_does_no_harm_to_others(padding: bytes) -> None:
    large = spot_frame(2, 20).replace(b',"M":true}}', padding % (b"x" * 2_000_000))

    records = take(a_shard(), spot_frame(1, 10), large, spot_frame(3, 30))

    assert [len(letter.value) for letter in of(records, topics.DEAD_LETTERS)] == [LETTER_LIMIT_BYTES]
    assert len(of(records, topics.RAW_TRADES)) == 1  # the third waits for the second


def test_a_symbol_nobody_asked_for_is_set_aside() -> None:
    (letter,) = take(a_shard(), enveloped(trade_data(1, 10, symbol="ETHUSDT")))

    assert dict(letter.headers)["reason"] == b"unknown_symbol: ETHUSDT"


def test_a_trade_of_an_impossible_time_is_set_aside_and_its_id_asked_for() -> None:
    shard = a_shard()

    records = take(shard, enveloped(trade_data(1, 10)), enveloped(trade_data(2, 60_000)))

    assert len(of(records, topics.RAW_TRADES)) == 1
    assert len(of(records, topics.DEAD_LETTERS)) == 1
    hole = shard.sequencers["BTCUSDT"].hole()
    assert hole is not None
    assert (hole.first, hole.last) == (2, 2)
    assert shard.is_clock_suspect


def test_a_ticker_of_an_impossible_time_proves_nothing() -> None:
    shard = a_shard()

    records = take(shard, enveloped(trade_data(1, 10)), enveloped(ticker_data(1, 10**15), "ticker"))

    assert [record.topic for record in records] == [topics.RAW_TRADES, topics.DEAD_LETTERS]
    assert shard.sequencers["BTCUSDT"].minutes.undecided_since() is None
    assert shard.is_clock_suspect


def test_an_id_far_ahead_is_set_aside_until_another_message_agrees() -> None:
    shard = a_shard()

    records = take(shard, enveloped(trade_data(1, 10)), enveloped(trade_data(10**12, 20)))
    assert [dict(letter.headers)["reason"] for letter in of(records, topics.DEAD_LETTERS)] == [b"id: far ahead of 2"]
    assert not shard.has_holes

    take(shard, enveloped(trade_data(10**12 + 1, 20)))
    assert [(hole.first, hole.last) for hole in shard.holes] == [(2, 10**12)]


def test_an_id_far_ahead_of_an_impossible_time_is_not_asked_for() -> None:
    shard = a_shard()
    take(shard, enveloped(trade_data(1, 10)))

    take(shard, enveloped(trade_data(10**12, 60_000)))

    assert not shard.has_holes


def test_an_event_ahead_of_our_clock_moves_it() -> None:
    shard = a_shard()

    take(shard, enveloped(trade_data(1, 4_000)))

    assert shard.clock.now_ms(now_s=NOW_S) == MIDNIGHT_MS + 4_000


def test_a_break_is_published_with_the_trades_behind_it() -> None:
    shard = a_shard()
    take(shard, enveloped(trade_data(5, 10)))
    shard.sequencers["BTCUSDT"].break_segment(detected_at_ms=7, now_s=NOW_S, evidence="because")

    records = take(shard)

    assert [record.topic for record in records] == [topics.RAW_TRADES, topics.FEED_GAPS]
    gap = decode(records[1].value, Gap)
    assert (gap.symbol, gap.first_trade_id, gap.last_trade_id) == ("BTCUSDT", 1, 4)


def test_a_hole_of_one_symbol_does_not_hold_another() -> None:
    shard = a_shard("BTCUSDT", "ETHUSDT")

    records = take(shard, enveloped(trade_data(2, 10)), enveloped(trade_data(1, 10, symbol="ETHUSDT")))

    assert [record.key for record in records] == ["ETHUSDT"]


def test_an_announcement_leaves_before_the_trades() -> None:
    shard = a_shard()
    event = SymbolEvent("BTCUSDT", Author.CONNECTOR, "started", MIDNIGHT_MS, chosen=True, next_trade_id=1)
    shard.announce(event)

    records = take(shard, enveloped(trade_data(1, 10)))

    assert [record.topic for record in records] == [topics.SYMBOL_EVENTS, topics.RAW_TRADES]
    assert decode(records[0].value, SymbolEvent) == event


def test_the_word_that_the_server_shuts_down_is_no_letter() -> None:
    assert take(a_shard(), b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}') == []


def test_frames_of_a_symbol_that_was_dropped_are_no_letters_and_what_was_ready_is_published() -> None:
    shard = a_shard()
    shard.on_read([spot_frame(1, 10)], NOW_S, now_s=NOW_S)

    shard.drop("BTCUSDT", now_s=NOW_S)

    assert [record.topic for record in take(shard, spot_frame(2, 20))] == [topics.RAW_TRADES]


def test_a_symbol_that_is_dropped_leaves_its_room_and_holes_to_others() -> None:
    shard = a_shard("BTCUSDT", "ETHUSDT")
    take(shard, spot_frame(2, 10), spot_frame(2, 10, "ETHUSDT"))
    assert len(shard.holes) == 2

    shard.drop("BTCUSDT", now_s=NOW_S)

    assert [hole.symbol for hole in shard.holes] == ["ETHUSDT"]
    left = take(shard)
    assert [(record.topic, record.key) for record in left] == [
        (topics.RAW_TRADES, "BTCUSDT"),
        (topics.FEED_GAPS, "BTCUSDT"),
    ]
    assert [record.key for record in take(shard, spot_frame(1, 10), spot_frame(1, 10, "ETHUSDT"))] == ["ETHUSDT"] * 2


def test_a_symbol_that_is_dropped_tells_of_the_ids_that_were_in_doubt() -> None:
    shard = a_shard()
    take(shard, spot_frame(1, 10), spot_frame(4, 20))
    (hole,) = shard.holes
    shard.sequencers["BTCUSDT"].skip(hole, detected_at_ms=7, now_s=NOW_S, evidence="two pages lack them")

    shard.drop("BTCUSDT", now_s=NOW_S)

    trade, gap = take(shard)
    assert enveloped(trade.value) == spot_frame(4, 20)
    assert (decode(gap.value, Gap).first_trade_id, decode(gap.value, Gap).last_trade_id) == (2, 3)


def test_the_age_of_a_ticker_is_since_it_came_or_since_we_listen() -> None:
    shard = a_shard()
    shard.add("ETHUSDT", now_s=NOW_S - 3)
    take(shard, enveloped(ticker_data(0, 10), "ticker"), after_ms=500)

    assert [shard.ticker_age_s(name, now_s=NOW_S + 2) for name in ("BTCUSDT", "ETHUSDT")] == [1.5, 5.0]
