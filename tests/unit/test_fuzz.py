"""S11: what comes from outside, changed at random: nothing but the declared errors ever comes out of a parser."""

import random
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network
from typing import NamedTuple

import pytest

from tests.alerts import whale
from tests.unit.serve.fake_tiers import A_TICKER_FRAME
from wickstream.binance import questions
from wickstream.binance.control import ControlError, parse_request
from wickstream.binance.frames import decode_trade, open_envelope, parse_ticker, parse_trade
from wickstream.binance.shapes import ApiError
from wickstream.bus.codec import decode, encode
from wickstream.candle import INTERVALS
from wickstream.errors import MalformedFrame, Unpublishable
from wickstream.events import Alert
from wickstream.serve.front.express import question_of
from wickstream.serve.front.visitors import visitor_of
from wickstream.serve.live.handshake import wish_of
from wickstream.serve.problems import Problem
from wickstream.serve.v1.cursors import cursor_at, position_of

RUNS = 25_000  # of each

TRADE = (
    b'{"e":"trade","E":1723161600050,"s":"BTCUSDT","t":5531399,"p":"61686.00000000","q":"0.00100000",'
    b'"T":1723161600049,"m":true,"M":true}'
)


class Parser(NamedTuple):
    """Something that reads bytes of others.

    Attributes:
        good: what it takes, to begin with.
        declared: what it may raise.
    """

    name: str
    read: Callable[[bytes], object]
    good: tuple[bytes, ...]
    declared: tuple[type[Exception], ...] = ()


ASKED: tuple[Callable[[questions.Query], object], ...] = (
    questions.symbol,
    questions.symbol_list,
    questions.limit,
    lambda query: questions.moment(query, "startTime"),
    lambda query: questions.interval(query, INTERVALS),
    questions.zone_ms,
    questions.kind,
    questions.status,
)


def ask_all(query: bytes) -> None:
    """Every question there is about one query string."""
    names = ("symbol", "symbols", "limit", "startTime", "interval", "timeZone", "type", "symbolStatus")
    found = questions.parameters(query.decode("latin-1"), names)
    for ask in ASKED:
        with suppress(ApiError):
            ask(found)


def forwarded(value: bytes) -> object:
    """As a proxy would have it."""
    trusted = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))
    return [visitor_of("127.0.0.1", [(name, value)], trusted) for name in (b"x-forwarded-for", b"forwarded")]


PARSERS = [
    Parser("envelopes", open_envelope, (b'{"stream":"btcusdt@trade","data":' + TRADE + b"}",), (MalformedFrame,)),
    Parser("trades", decode_trade, (TRADE,), (MalformedFrame,)),
    Parser("whole trades", parse_trade, (TRADE,), (MalformedFrame,)),
    Parser("tickers", parse_ticker, (A_TICKER_FRAME,), (MalformedFrame,)),
    Parser("records of the bus", lambda value: decode(value, Alert), (encode(whale()),), (Unpublishable,)),
    Parser(
        "control messages",
        parse_request,
        (b'{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}',),
        (ControlError,),
    ),
    Parser(
        "questions",
        ask_all,
        (
            b"symbol=BTCUSDT&interval=1m&limit=500&startTime=1723161600000&timeZone=-03:30",
            b'symbols=["BTCUSDT"]&type=MINI',
        ),
        (ApiError,),
    ),
    Parser(
        "cursors",
        lambda word: position_of(word.decode("latin-1"), "asked"),
        (cursor_at((1, "a"), "asked").encode(),),
        (Problem,),
    ),
    Parser(
        "addresses",
        question_of,
        (b"/api/v1/analytics/klines/BTCUSDT?limit=500", b"/api/v3/klines?symbol=BTCUSDT&interval=1m"),
    ),
    Parser(
        "forwarded addresses",
        forwarded,
        (b"203.0.113.7, 10.0.0.1", b'for="[2001:db8::1]:4711";proto=https, for=10.0.0.1'),
    ),
    Parser(
        "names of streams",
        lambda target: wish_of(target.decode("latin-1"), 100),
        (b"/stream?streams=btcusdt@trade/!miniTicker@arr", b"/ws/btcusdt@kline_1m"),
    ),
]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_nothing_else_comes_out_of(parser: Parser) -> None:
    chance = random.Random(parser.name)
    for value in parser.good:
        parser.read(value)
    for _ in range(RUNS):
        value = changed(chance.choice(parser.good), chance)
        try:
            parser.read(value)
        except parser.declared:
            pass
        except Exception as exc:
            raise AssertionError(f"{value!r}") from exc


def changed(value: bytes, chance: random.Random) -> bytes:
    """Cut, doubled, mixed up, and with bytes of any kind in it."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(value) + 1)
        end = min(len(value), at + chance.choice((0, 1, 2, 8, 40)))
        value = value[:at] + chance.choice(CHANGES)(value[at:end], chance) + value[end:]
    return value


WORDS = (
    b"",
    b"null",
    b"true",
    b"-",
    b"1e999",
    b"-0",
    b"NaN",
    b"9" * 30,
    b"[]",
    b"{}",
    b'"',
    b"\\u0000",
    b"\\ud800",
    b"\0",
    b"\xff\xfe",
    "币".encode(),
    b"%00",
    b"%",
    b"&",
    b"=",
    b",",
    b"/",
    b"[" * 50,
)
CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    lambda piece, chance: b"",
    lambda piece, chance: piece * chance.choice((2, 3, 100)),
    lambda piece, chance: bytes(reversed(piece)),
    lambda piece, chance: chance.randbytes(len(piece)),
    lambda piece, chance: chance.choice(WORDS),
    lambda piece, chance: piece + chance.choice(WORDS),
)
