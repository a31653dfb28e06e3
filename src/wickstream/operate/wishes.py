"""The operator's wishes: which symbols to follow or to leave, told to the connector while it runs."""

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from wickstream.bus import topics
from wickstream.bus.codec import HEADERS, encode
from wickstream.bus.follower import Follower
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.config import Settings
from wickstream.errors import Mistake, Refused
from wickstream.events import Author, SymbolEvent
from wickstream.exchange.rest.client import UNKNOWN_SYMBOL, ExchangeClient
from wickstream.exchange.symbols.registry import events_in
from wickstream.exchange.symbols.symbols import ADDED, REMOVED, Table, require_listed
from wickstream.selection import parse_word

TAKEN_OVER_S = 5.0  # a connector that runs answers sooner
_LOOK_S = 0.1


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol as the topic tells of it; its names are those of `--json`."""

    symbol: str
    status: str | None = None  # None: the connector has not said anything yet
    followed: bool = False
    chosen_by: str | None = None
    shard: str | None = None
    since: int | None = None  # ms, the exchange's clock
    wish: str | None = None  # the operator's: added, removed


@dataclass(frozen=True)
class Taken:
    """What became of wishes.

    Attributes:
        rows: the symbols as they are now.
        waiting: those on which no connector has said anything; one that starts will.
    """

    rows: list[Followed]
    waiting: list[str]


def named(words: Iterable[str]) -> list[str]:
    """Symbols as the exchange spells them, from words with or without commas.

    Raises:
        Mistake: If one is a rule, or no symbol.
    """
    found = []
    for word in filter(None, map(str.strip, ",".join(words).split(","))):
        try:
            symbol = parse_word(word)
        except ValueError as exc:
            raise Mistake(str(exc)) from exc
        if not isinstance(symbol, str):
            raise Mistake(f"{symbol} is a rule; rules are set with TICKER_SYMBOLS or --symbols, symbols are added")
        found.append(symbol)
    if not found:
        raise Mistake("name at least one symbol, as in BTCUSDT")
    return list(dict.fromkeys(found))


def rows_of(table: Table, symbols: Iterable[str] | None = None) -> list[Followed]:
    """These symbols, or all that were ever followed or wished for."""
    return [_row(table, symbol) for symbol in symbols or sorted(table.exchange.keys() | table.operator.keys())]


def _row(table: Table, symbol: str) -> Followed:
    said, operator = table.exchange.get(symbol), table.operator.get(symbol)
    wish = operator.status if operator else None
    if said is None:
        return Followed(symbol=symbol, wish=wish)
    return Followed(
        symbol=symbol,
        status=said.status,
        followed=bool(said.chosen),
        chosen_by=said.chosen_by,
        shard=said.shard,
        since=said.since,
        wish=wish,
    )


def tell(settings: Settings, symbols: Sequence[str], wish: str) -> Taken:
    """Publish a wish for each symbol, and wait a moment for the connector to take it over.

    Raises:
        Mistake: If the exchange does not list a symbol, naming the nearest that it does; or if a replay is to go on
            without one of its symbols.
        ExchangeError: If the exchange does not answer.
        StoreBusy: If Kafka does not.
    """
    if settings.is_replay and wish == REMOVED:
        raise Mistake("a replay waits until all its symbols are followed; leave some out with --symbols at its start")
    now_ms = asyncio.run(_check(settings, symbols))
    table = Table()
    follower = Follower.open(settings.kafka, topics.SYMBOL_EVENTS)
    try:
        _take(table, events_in(follower.catch_up()))
        _publish(settings.kafka, [SymbolEvent(symbol, Author.OPERATOR, wish, now_ms) for symbol in symbols])
        waiting = _wait(follower, table, set(symbols), is_added=wish == ADDED)
    finally:
        follower.close()
    return Taken(rows_of(table, symbols), sorted(waiting))


async def _check(settings: Settings, symbols: Sequence[str]) -> int:
    """See that all are listed; the exchange's time (ms)."""
    async with ExchangeClient(settings) as client:
        try:
            return (await client.exchange_info(symbols)).server_time
        except Refused as exc:
            if exc.code != UNKNOWN_SYMBOL:
                raise
            everything = await client.exchange_info()
    require_listed(symbols, (info.symbol for info in everything.symbols))
    return everything.server_time


def _publish(bootstrap_servers: str, events: Iterable[SymbolEvent]) -> None:
    producer = IdempotentProducer(bootstrap_servers)
    for event in events:
        producer.publish(Record(topics.SYMBOL_EVENTS, event.key, encode(event), HEADERS))
    producer.flush()


def _wait(follower: Follower, table: Table, unanswered: set[str], *, is_added: bool) -> set[str]:
    """Those that nobody answered in time. Every wish is answered, whether it changes anything or not."""
    deadline_s = time.monotonic() + TAKEN_OVER_S
    while unanswered and time.monotonic() < deadline_s:
        news = events_in(follower.news(wait_s=_LOOK_S))
        _take(table, news)
        said = (event for event in news if event.author is Author.EXCHANGE and event.chosen is is_added)
        unanswered -= {event.symbol for event in said}
    return unanswered


def _take(table: Table, events: Collection[SymbolEvent]) -> None:
    for event in events:
        table.take(event)
