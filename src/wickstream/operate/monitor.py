"""Looks how every symbol is, and tells the sinks of what changed since they were told last."""

import asyncio
import threading
import time
from collections.abc import Collection
from contextlib import aclosing, closing
from pathlib import Path

import msgspec

from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unpublishable
from wickstream.operate.monitoring import Look, Memory, Told, judge, stale_rows
from wickstream.sink_settings import SinkName
from wickstream.store.hot.hour import open_async_client
from wickstream.store.series.market_reads import MarketReader, Vitals
from wickstream.store.sinks.sink import open_sink
from wickstream.store.warm.reads import WarmReader

FILE = "monitor.json"


class SymbolHealth(msgspec.Struct, frozen=True):
    """One symbol; its names are those of `--json`."""

    symbol: str
    pulse: str | None  # None: cannot be told
    age_ms: int | None
    stale: bool


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What one look came to.

    Attributes:
        told: notices that a sink took, over all sinks.
        trouble: why something was not told, or could not be looked at; a line each.
    """

    as_of: int | None
    symbols: tuple[SymbolHealth, ...]
    told: int
    trouble: tuple[str, ...]

    @property
    def stale(self) -> tuple[str, ...]:
        """Symbols that should be heard and are not."""
        return tuple(one.symbol for one in self.symbols if one.stale)


def watch(settings: Settings) -> Watched:
    """One look. Killed at any point and run again, it may tell the same notice twice, with the same id."""
    look, trouble = _look(settings)
    stale_ms = 1_000 * settings.ticker_stale_seconds
    told = 0
    for name in settings.alert_sinks:
        count, failure = _tell(name, settings, look, stale_ms)
        told += count
        trouble += failure
    stale = {row.symbol for row in stale_rows(look, stale_ms=stale_ms)}
    symbols = tuple(SymbolHealth(r.symbol, r.pulse, r.age_ms, stale=r.symbol in stale) for r in look.rows)
    return Watched(as_of=look.as_of_ms, symbols=symbols, told=told, trouble=tuple(trouble))


def _look(settings: Settings) -> tuple[Look, list[str]]:
    try:
        vitals = asyncio.run(_vitals(settings))
    except StoreBusy as exc:
        return Look((), ("hot", "warm"), None, _now_ms()), [str(exc)]
    away = tuple(tier for tier in vitals.away if tier == "hot")  # without PostgreSQL only halts are not known
    trouble = [f"{tier} does not answer" for tier in vitals.away]
    return Look(vitals.rows, away, vitals.moment.as_of_ms, _now_ms()), trouble


async def _vitals(settings: Settings) -> Vitals:
    async def unasked() -> Collection[str]:  # only the board of candles asks
        return ()

    warm = WarmReader(settings)
    async with aclosing(open_async_client(settings)) as client:
        await warm.open()
        try:
            return await MarketReader(settings, client, warm, unasked).vitals()
        finally:
            await warm.close()


def _tell(name: SinkName, settings: Settings, look: Look, stale_ms: int) -> tuple[int, list[str]]:
    """What this sink does not know yet; it is remembered behind each notice."""
    file = settings.data_dir / "run" / FILE
    memories = _read(file)
    before = memories.get(name, {})
    notices, after = judge(look, before, stale_ms=stale_ms)
    with closing(open_sink(name, settings, stop=threading.Event())) as sink:
        for number, notice in enumerate(notices):
            try:
                sink.send(notice)
            except (StoreBusy, Unpublishable) as exc:
                return number, [f"{name}: {exc}"]
    if after != before:
        _write(file, {**memories, name: after})
    return len(notices), []


def _read(file: Path) -> dict[str, Memory]:
    try:
        return dict(msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, Told]]))
    except (FileNotFoundError, msgspec.DecodeError):
        return {}


def _write(file: Path, memories: dict[str, Memory]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.new")
    draft.write_bytes(msgspec.json.encode(memories))
    draft.replace(file)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
