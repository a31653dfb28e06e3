"""Historical trades out of what has them: the live lane's last thousand, the archive, and Kafka between the two."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import redis.asyncio

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import Trade
from wickstream.store.lane.last_trades import KEEP, LastTrade, read_trades
from wickstream.store.series.plan import FAR_MS
from wickstream.store.series.slow_reads import SlowReads
from wickstream.store.series.stitching import attempt
from wickstream.store.series.trade_series import IdRange, TradeQuestion, lacking_ids, stitch_trades, wanted_ids
from wickstream.store.warm.reads import WarmReader

if TYPE_CHECKING:
    from wickstream.store.cold.trades import TradesArchive

BUS_AWAY_S = 5.0  # so long nobody waits again for a Kafka that did not answer

Result = TypeVar("Result")
_Lane = tuple[list[Trade], StoreBusy | None]  # its trades, or why there are none


@dataclass(frozen=True)
class Trades:
    """Trades of one symbol in the order of their ids, and how far they can be trusted.

    Attributes:
        ids: those asked for, as far as anybody has heard of them.
        missing: ids among those asked for that no store has, and that are not proven to be absent from the exchange.
        complete: none is missing, and all that may have some answered.
        tiers: those that gave some of it.
        away: those that were needed and did not answer.
    """

    trades: Sequence[Trade]
    ids: range
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
        self._slow_reads = SlowReads("reads of the lake")
        self._bus_away_until = float("-inf")

    async def read(self, symbol: str, *, from_id: int | None, limit: int) -> Trades:
        """At most `limit` of those from `from_id` on; None: of the newest.

        Raises:
            StoreBusy: If no store that may have some of it answers; names them.
        """
        return await self._read(symbol, await self._lane(symbol), from_id=from_id, limit=limit)

    async def _lane(self, symbol: str) -> _Lane:
        last, trouble = await attempt(read_trades(self._redis, symbol, limit=KEEP))
        return [_trade(symbol, row) for row in last or ()], trouble

    async def _read(self, symbol: str, heard: _Lane, *, from_id: int | None, limit: int) -> Trades:
        # 1. The lane, which was read before: what leaves it while the others are read, they have.
        lane, no_lane = heard
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

    async def page(self, question: TradeQuestion) -> Trades:
        """By id or by time. Ids grow with time, so a range of time is one of ids.

        Raises:
            StoreBusy: If no store that may have some of it answers; names them.
        """
        from_id, limit = question.from_id, question.limit
        heard = await self._lane(question.symbol)
        if from_id is None and question.start is not None:
            from_id = await self._id_from(question.symbol, question.start, heard)
        elif from_id is None and (question.before_id, question.end) != (None, None):
            before_id = await self._id_behind(question, heard)
            from_id, limit = max(0, before_id - limit), min(limit, before_id)
        found = await self._read(question.symbol, heard, from_id=from_id, limit=limit)
        return _within(question, found)

    async def _id_from(self, symbol: str, start_ms: int, heard: _Lane) -> int:
        """No later than the first trade at that time or after it."""
        lane, no_lane = heard
        if lane and lane[0].traded_at_ms < start_ms:
            return next((trade.trade_id for trade in lane if trade.traded_at_ms >= start_ms), lane[-1].trade_id + 1)
        found, no_cold = await attempt(self._in_thread(lambda archive: _archived_from(archive, symbol, start_ms)))
        if no_cold and (no_lane or not lane):
            raise no_cold
        return found if found is not None else lane[0].trade_id if lane else 0

    async def _id_behind(self, question: TradeQuestion, heard: _Lane) -> int:
        """Behind the last trade at that time or before it; 0: nothing is held of any so early."""
        if question.before_id is not None or question.end is None:
            return question.before_id or 0
        symbol, end_ms = question.symbol, question.end
        early = [trade.trade_id for trade in heard[0] if trade.traded_at_ms <= end_ms]
        last_id = early[-1] if early else await self._in_thread(lambda archive: archive.id_until(symbol, end_ms))
        return 0 if last_id is None else last_id + 1

    async def _waiting(self, symbol: str, missing: Sequence[IdRange]) -> tuple[Sequence[Trade], StoreBusy | None]:
        if time.monotonic() < self._bus_away_until:
            return [], StoreBusy("Kafka did not answer a moment ago")
        found, trouble = await attempt(self._in_thread(lambda archive: self._published(archive, symbol, missing)))
        if trouble:
            self._bus_away_until = time.monotonic() + BUS_AWAY_S
        return found or [], trouble

    def _published(self, archive: "TradesArchive", symbol: str, missing: Sequence[IdRange]) -> list[Trade]:
        newest = _newest_archived(archive, symbol)
        waiting = [(max(first, newest + 1), last) for first, last in missing if last > newest]
        if not waiting:
            return []
        from wickstream.store.series.bus_trades import trades_on_bus

        return trades_on_bus(self._settings.kafka, symbol, waiting, said=archive.said)

    async def _archived(self, symbol: str, ids: range) -> list[Trade]:
        return await self._in_thread(lambda archive: archive.read(symbol, ids[0], ids[-1]))

    async def _in_thread(self, read: "Callable[[TradesArchive], Result]") -> Result:
        return await self._slow_reads.after_all(lambda: read(self._archive))

    @cached_property
    def _archive(self) -> "TradesArchive":
        from wickstream.store.cold.trades import TradesArchive

        return TradesArchive(self._settings)


def _archived_from(archive: "TradesArchive", symbol: str, start_ms: int) -> int | None:
    """Behind all that is archived, if that is earlier: others may lie between it and the lane."""
    found = archive.id_from(symbol, start_ms)
    if found is not None:
        return found
    newest = _newest_archived(archive, symbol)
    return None if newest < 0 else newest + 1


def _newest_archived(archive: "TradesArchive", symbol: str) -> int:
    """Its id; -1 where there is none."""
    from wickstream.store.cold.archived_ids import NONE, said_name

    return archive.said([said_name(symbol)]).get(said_name(symbol), NONE)


def _within(question: TradeQuestion, found: Trades) -> Trades:
    """Without what was traded at other times; `ids` end where those that are later begin."""
    end = FAR_MS if question.end is None else question.end
    late = next((one.trade_id for one in found.trades if one.traded_at_ms > end), None)
    ids = found.ids if late is None else range(found.ids.start, late)
    return replace(
        found,
        trades=[trade for trade in found.trades if question.is_within(trade)],
        ids=ids,
        missing=tuple(gap for gap in found.missing if gap[0] in ids),
    )


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
    return Trades(found.trades, ids, missing, is_known and not missing and not named, found.tiers, named)


def _trade(symbol: str, row: LastTrade) -> Trade:
    return Trade(symbol, row.trade_id, row.price, row.quantity, row.traded_at_ms, row.buyer_is_maker)
