"""Historical trades out of what has them: the live lane's last thousand, the archive, and Kafka between the two."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import redis.asyncio

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Trade
from wickstream.store.lane.last_trades import KEEP, LastTrade, read_trades
from wickstream.store.series.stitching import attempt
from wickstream.store.series.trade_series import IdRange, lacking_ids, stitch_trades, wanted_ids
from wickstream.store.warm.reads import WarmReader

if TYPE_CHECKING:
    from wickstream.store.cold.trades import TradesArchive

BUS_AWAY_S = 5.0  # so long nobody waits again for a Kafka that did not answer

Result = TypeVar("Result")


@dataclass(frozen=True)
class Trades:
    """Trades of one symbol in the order of their ids, and how far they can be trusted.

    Attributes:
        missing: ids among those asked for that no store has, and that are not proven to be absent from the exchange.
        complete: none is missing, and all that may have some answered.
        tiers: those that gave some of it.
        away: those that were needed and did not answer.
    """

    trades: Sequence[Trade]
    missing: tuple[IdRange, ...]
    complete: bool
    tiers: tuple[str, ...]
    away: tuple[str, ...]


class TradesReader:
    """The archive is read by one question at a time, in a thread; its library is imported by the first of them."""

    def __init__(self, settings: Settings, client: "redis.asyncio.Redis", warm: WarmReader) -> None:
        self._settings = settings
        self._redis = client
        self._warm = warm
        self._lock = asyncio.Lock()
        self._archive: TradesArchive | None = None
        self._bus_away_until = float("-inf")

    async def read(self, symbol: str, *, from_id: int | None, limit: int) -> Trades:
        """At most `limit` of those from `from_id` on; None: of the newest.

        Raises:
            StoreBusy: If no store that may have some of it answers; names them.
        """
        # 1. The lane: what leaves it while the others are read, they have.
        last, no_lane = await attempt(read_trades(self._redis, symbol, limit=KEEP))
        lane = [_trade(symbol, row) for row in last or ()]
        ids = wanted_ids(from_id, limit, lane[-1].trade_id if lane else None)
        parts: dict[str, Sequence[Trade]] = {"lane": lane, "cold": []}
        away = {"lane": no_lane}
        # 2. The archive, for what it lacks; 3. the ledger, for what is still not there.
        if lacking_ids(ids, {trade.trade_id for trade in lane}):
            archived, away["cold"] = await attempt(self._archived(symbol, ids))
            parts["cold"] = archived or []
        held = {trade.trade_id for part in parts.values() for trade in part}
        absent: Sequence[IdRange] = ()
        if lacking_ids(ids, held):
            proven, away["warm"] = await attempt(self._warm.absent_ids(symbol, ids[0], ids[-1]))
            absent = proven or ()
        # 4. Kafka, for what left the lane before the archive's next commit.
        missing = lacking_ids(ids, held, absent)
        if lane and missing:
            parts["bus"], away["bus"] = await self._waiting(symbol, missing)
        return _answer(ids, parts, absent, away, is_newest=from_id is None)

    async def _waiting(self, symbol: str, missing: Sequence[IdRange]) -> tuple[Sequence[Trade], StoreBusy | None]:
        if time.monotonic() < self._bus_away_until:
            return [], StoreBusy("Kafka did not answer a moment ago")
        found, trouble = await attempt(self._in_thread(lambda archive: self._published(archive, symbol, missing)))
        if trouble:
            self._bus_away_until = time.monotonic() + BUS_AWAY_S
        return found or [], trouble

    def _published(self, archive: "TradesArchive", symbol: str, missing: Sequence[IdRange]) -> list[Trade]:
        from wickstream.store.cold.archived_ids import NONE, said_name

        newest = archive.said([said_name(symbol)]).get(said_name(symbol), NONE)
        waiting = [(max(first, newest + 1), last) for first, last in missing if last > newest]
        if not waiting:
            return []
        from wickstream.store.series.bus_trades import trades_on_bus

        return trades_on_bus(self._settings.kafka, symbol, waiting, said=archive.said)

    async def _archived(self, symbol: str, ids: range) -> list[Trade]:
        return await self._in_thread(lambda archive: archive.read(symbol, ids[0], ids[-1]))

    async def _in_thread(self, read: "Callable[[TradesArchive], Result]") -> Result:
        async with self._lock:
            return await asyncio.to_thread(lambda: read(self._opened()))

    def _opened(self) -> "TradesArchive":
        if self._archive is None:
            from wickstream.store.cold.trades import TradesArchive

            self._archive = TradesArchive(self._settings)
        return self._archive


def _answer(
    ids: range,
    parts: dict[str, Sequence[Trade]],
    absent: Sequence[IdRange],
    trouble: dict[str, StoreBusy | None],
    *,
    is_newest: bool,
) -> Trades:
    found = stitch_trades(ids, parts, absent)
    away = {tier: one for tier, one in trouble.items() if one}
    if away and not found.trades:
        raise StoreBusy("; ".join(map(str, away.values())))
    # Without the lane nobody knows which ids there are: those behind the last that is held may be yet to come.
    missing = found.missing if parts["lane"] else tuple(gap for gap in found.missing if gap[1] < ids.stop - 1)
    named = tuple(away) if found.missing or (is_newest and not ids) else ()
    is_known = bool(parts["lane"]) or not found.missing
    return Trades(found.trades, missing, is_known and not missing and not named, found.tiers, named)


def _trade(symbol: str, row: LastTrade) -> Trade:
    return Trade(symbol, row.trade_id, row.price, row.quantity, row.traded_at_ms, row.buyer_is_maker)
