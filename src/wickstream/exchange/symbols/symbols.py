"""Which symbols are followed, and what is said of them: the core of `registry`. Pure."""

import zlib
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

import msgspec
import structlog

from wickstream.bus.codec import decode
from wickstream.errors import Mistake, Unpublishable
from wickstream.events import Author, SymbolEvent
from wickstream.exchange.symbols.ranking import TRADING

log = structlog.get_logger()

LISTED = "listed"  # trading, and we saw it appear: its first id proves itself
DELISTED = "delisted"  # the exchange does not know it, or not any more
ADDED, REMOVED = "added", "removed"
BY_LIST, BY_OPERATOR = "list", "operator"


def require_listed(wanted: Iterable[str], listed: Iterable[str]) -> None:
    """Refuse names the exchange does not list: subscribing to one succeeds there and stays silent for ever.

    Raises:
        Mistake: Naming them, with the nearest names that do exist, in one line.
    """
    known = sorted(listed)
    unknown = sorted(set(wanted).difference(known))
    if unknown:
        raise Mistake("; ".join(complaint(symbol, known) for symbol in unknown))


def complaint(symbol: str, known: Collection[str]) -> str:
    """What to say of a name that is not among the `known`."""
    near = get_close_matches(symbol, known, n=3, cutoff=0.6)
    hint = f"did you mean {', '.join(near)}?" if near else "no listed name is like it"
    return f"unknown symbol {symbol}: {hint}"


def shard_of(symbol: str, count: int) -> int:
    """Which of `count` connectors follows a symbol; the same on every machine."""
    return zlib.crc32(symbol.encode()) % count


def read_event(key: bytes | str | None, value: bytes | None) -> SymbolEvent | None:
    """A record of `symbol_events`; None if it is the connector's own, or none of ours at all."""
    name = key.decode(errors="replace") if isinstance(key, bytes) else key or ""
    if name.endswith(f"@{Author.CONNECTOR}"):
        return None
    try:
        return decode(value, SymbolEvent)
    except Unpublishable as exc:
        log.warning("not a symbol event, left out", key=name, reason=str(exc))
        return None


class Table:
    """The topic `symbol_events` as it stands: the newest event of each symbol, by author."""

    def __init__(self) -> None:
        self.exchange: dict[str, SymbolEvent] = {}
        self.operator: dict[str, SymbolEvent] = {}

    def take(self, event: SymbolEvent) -> None:
        """Put an event in the place of its predecessor."""
        if event.author is Author.EXCHANGE:
            self.exchange[event.symbol] = event
        elif event.author is Author.OPERATOR:
            self.operator[event.symbol] = event

    def followed(self, *, shard: tuple[int, int] = (0, 1)) -> frozenset[str]:
        """The chosen symbols of one connector out of so many."""
        index, count = shard
        return frozenset(
            symbol for symbol, event in self.exchange.items() if event.chosen and shard_of(symbol, count) == index
        )

    def statuses(self) -> dict[str, str]:
        """As last written, in the exchange's words."""
        return {symbol: TRADING if event.status == LISTED else event.status for symbol, event in self.exchange.items()}

    def listings(self) -> dict[str, int]:
        """Symbols that we saw appear, and when (ms)."""
        return {symbol: event.since for symbol, event in self.exchange.items() if event.status == LISTED}

    def picked_by(self, rule: str) -> frozenset[str]:
        """What a rule chose when it was last applied."""
        return frozenset(symbol for symbol, event in self.exchange.items() if event.chosen and event.chosen_by == rule)


def reasons(named: Iterable[str], picked: Mapping[str, Collection[str]], table: Table) -> dict[str, str]:
    """Each symbol that is to be followed, and by whose wish: the operator's before the list's before a rule's.

    `picked`: what each rule chooses; of several that choose the same symbol the first is named.
    """
    wishes: dict[str, str] = {}
    for rule, symbols in reversed(list(picked.items())):
        wishes |= dict.fromkeys(symbols, rule)
    wishes |= dict.fromkeys(named, BY_LIST)
    for symbol, event in table.operator.items():
        if event.status == ADDED:
            wishes[symbol] = BY_OPERATOR
        elif event.status == REMOVED:
            wishes.pop(symbol, None)
    return wishes


def news(
    table: Table,
    wishes: Mapping[str, str],
    statuses: Mapping[str, str],
    *,
    appeared: Collection[str],
    unanswered: Collection[str],
    shards: int,
    now_ms: int,
) -> list[SymbolEvent]:
    """What the table lacks to say what is so. Nothing is said of symbols that never concerned us.

    Args:
        table: what was said.
        wishes: which symbols are to be followed, and by whose wish.
        statuses: the exchange's words, `DELISTED` for those it does not list; of a symbol that is not in here nothing
            is known yet, and nothing said.
        appeared: symbols that were not listed when we first looked.
        unanswered: the operator waits for a word on these, whether anything changed or not.
        shards: how many connectors share the symbols.
        now_ms: the exchange's clock.
    """
    concerned = sorted({*table.exchange, *wishes, *unanswered} & statuses.keys())
    events = []
    for symbol in concerned:
        old, status = table.exchange.get(symbol), statuses[symbol]
        if status == TRADING and (old.status == LISTED if old else symbol in appeared):
            status = LISTED
        chosen_by = None if status == DELISTED else wishes.get(symbol)
        event = SymbolEvent(
            symbol,
            Author.EXCHANGE,
            status,
            now_ms,
            chosen=chosen_by is not None,
            chosen_by=chosen_by,
            shard=f"{shard_of(symbol, shards)}/{shards}" if chosen_by else None,
        )
        if symbol in unanswered or _says_more(event, old):
            events.append(event)
    return events


def _says_more(event: SymbolEvent, old: SymbolEvent | None) -> bool:
    if old is None:
        return bool(event.chosen)
    return event != msgspec.structs.replace(old, since=event.since)
