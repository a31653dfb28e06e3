"""A symbol's candles in all tiers, for who has to decide about some of them. Pure, but for the reading."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec
import polars as pl

from wickstream.candle import Candle
from wickstream.events import MINUTE_MS
from wickstream.operate.proof.agreement import EVERYTHING, KEY, disagreements, is_settled
from wickstream.operate.restoring.judgement import Held, beyond_doubt, is_sane
from wickstream.store.hot.hour import BETWEEN
from wickstream.store.hot.values import HotValues
from wickstream.store.series.frames import candles_of

FEW = 2_000  # minutes that are each looked up among the trades

_decoder = msgspec.json.Decoder(Candle)


@dataclass(frozen=True)
class View:
    """Closed candles; of warm besides, the minutes whose rows are none, and from when on it keeps any."""

    symbol: str
    warm: pl.DataFrame
    cold: pl.DataFrame
    hot: Mapping[int, Candle]
    odd: Collection[int]
    kept_since_ms: int
    settled_ms: int

    def lacking_in_cold(self) -> list[Candle]:
        """Those of warm that it has not, and should have by now."""
        return self._lacking(self.warm, self.cold)

    def lacking_in_warm(self) -> list[Candle]:
        """Those of cold that it has not, and keeps."""
        return self._lacking(self.cold.filter(pl.col("open_time") >= self.kept_since_ms), self.warm)

    def _lacking(self, ours: pl.DataFrame, theirs: pl.DataFrame) -> list[Candle]:
        settled = ours.filter(is_settled("published_at", self.settled_ms))
        return candles_of(settled.join(theirs.select(KEY), on=KEY, how="anti").sort("open_time"))

    def doubtful(self, named: Iterable[int]) -> set[int]:
        """Minutes that are not the same everywhere, and those that the proof named, with the ones before them."""
        differing = disagreements(self.warm, self.cold, names=("", ""), fields=EVERYTHING, settled_ms=self.settled_ms)
        found = {fault.open_time for fault in differing if fault.open_time is not None} | set(self.odd)
        return found | {minute for at in named for minute in self._up_to(at)}

    def _up_to(self, at: int) -> Iterator[int]:
        """A minute that breaks the chain, whatever lacks before it, and the last one that is there."""
        yield at
        times = pl.concat([self.warm["open_time"], self.cold["open_time"]])
        before = times.filter(times < at).max()
        if isinstance(before, int):
            yield from range(max(before, at - FEW * MINUTE_MS), at, MINUTE_MS)

    def held(self, minutes: Collection[int]) -> dict[int, Held]:
        """What the tiers say of these."""
        wanted = pl.col("open_time").is_in(list(minutes))
        warm, cold = (
            {one.open_time: one for one in candles_of(rows.filter(wanted))} for rows in (self.warm, self.cold)
        )
        return {at: Held(warm.get(at), cold.get(at), self.hot.get(at)) for at in minutes}

    def on_their_way(self, minutes: Collection[int]) -> set[int]:
        """Those of which some tier may be given a word that another has."""
        coming = (~is_settled("published_at", self.settled_ms)) & pl.col("open_time").is_in(list(minutes))
        return {at for rows in (self.warm, self.cold) for at in rows.filter(coming)["open_time"]}

    def neighbours(self, doubtful: Collection[int]) -> dict[int, Candle]:
        """Of the minutes beside these, those that nobody doubts."""
        beside = {at + step for at in doubtful for step in (-MINUTE_MS, MINUTE_MS)}
        return beyond_doubt(self.held(beside).values(), doubtful)


def chained(candles: Iterable[Candle], among: pl.DataFrame) -> tuple[list[Candle], list[Candle]]:
    """Those that are sane and go on from, or into, others of their tier, and the rest."""
    known = among.filter(pl.col("first_trade_id").is_not_null())
    firsts = dict(zip(known["open_time"], known["first_trade_id"], strict=True))
    lasts = dict(zip(known["open_time"], known["last_trade_id"], strict=True))
    good: list[Candle] = []
    others: list[Candle] = []
    for candle in candles:
        before, after = lasts.get(candle.open_time - MINUTE_MS), firsts.get(candle.open_time + MINUTE_MS)
        sides = [
            end + 1 == begin
            for end, begin in ((before, candle.first_trade_id), (candle.last_trade_id, after))
            if end is not None and begin is not None
        ]
        is_kline = candle.first_trade_id is None
        (good if is_sane(candle) and (is_kline or (sides and all(sides))) else others).append(candle)
    return good, others


def hot_candles(values: HotValues) -> dict[int, Candle]:
    """The closed rows that can be read."""
    found: dict[int, Candle] = {}
    for row in (values.closed or b"").split(BETWEEN)[1:]:
        try:
            candle = _decoder.decode(row)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        found[candle.open_time] = candle
    return found
