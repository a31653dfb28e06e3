"""What PostgreSQL alone has: the ledger, what of each hour is there, the history of symbols, and of proofs."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from wickstream.events import Gap
from wickstream.store.warm.gap_reads import GapQuestion, read_gaps
from wickstream.store.warm.hour_minutes import Hour, read_hour
from wickstream.store.warm.integrity import HourCount, read_hours
from wickstream.store.warm.market_reads import read_words
from wickstream.store.warm.proofs import Proof, read_proofs
from wickstream.store.warm.reads import WarmReader
from wickstream.store.warm.symbol_reads import SymbolRecord, read_symbols


class RecordsReader:
    """A part of the Router; every read raises StoreBusy if PostgreSQL does not answer."""

    def __init__(self, warm: WarmReader, known_symbols: Callable[[], Awaitable[Collection[str]]]) -> None:
        self._warm = warm
        self._known_symbols = known_symbols

    async def gaps(self, question: GapQuestion) -> list[Gap]:
        """At most so many entries of the ledger, the newest first."""
        return await read_gaps(self._warm, question)

    async def hours(self, symbols: Sequence[str], first_ms: int, last_ms: int) -> list[HourCount]:
        """By symbol and hour, of whole minutes, both ends inclusive."""
        return await read_hours(self._warm, symbols, first_ms, last_ms)

    async def hour(self, symbol: str, first_ms: int, last_ms: int) -> Hour:
        """Minute by minute, both ends inclusive, and what the ledger has of it."""
        return await read_hour(self._warm, symbol, first_ms, last_ms)

    async def newest_closed(self, symbols: Sequence[str]) -> int | None:
        """Open time (ms) of the newest closed candle over these symbols."""
        return await self._warm.newest_closed(symbols)

    async def names(self) -> list[str]:
        """Of all symbols that are known, or ever were, in order."""
        return sorted({*await read_words(self._warm), *await self._known_symbols()})

    async def symbols(self, names: Sequence[str], *, events: int) -> list[SymbolRecord]:
        """Each of these, by name, with as many words on it at most."""
        return await read_symbols(self._warm, names, events=events)

    async def proofs(self, kind: str | None, limit: int) -> list[Proof]:
        """How the last runs of `verify` and `validate` ended, the newest first."""
        return await read_proofs(self._warm, kind, limit)
