"""The live lane's minutes beside the candles that are kept: do both count the same? Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from wickstream.candle import EXCHANGE_FIELDS, Candle
from wickstream.store.lane.forming import LaneMinute


class Comparison(NamedTuple):
    """One symbol's last ended minutes.

    Attributes:
        compared: minutes that the lane saw whole and of which there is a closed candle.
        partial: those that the lane did not see whole, as after its start: nobody can compare them.
        waiting: those whose candle is not closed yet.
        differing: of the compared ones, the candle that is kept and in which fields the lane has something else.
    """

    compared: int
    partial: int
    waiting: int
    differing: Sequence[tuple[Candle, str]]
    newest_ms: int | None  # open time of the newest minute that was compared


def compare(lane: Sequence[LaneMinute], closed: Mapping[int, Candle]) -> Comparison:
    """The lane's minutes with the closed candles by their open times."""
    whole = [minute.candle for minute in lane if minute.is_whole]
    pairs = [(live, closed[live.open_time]) for live in whole if live.open_time in closed]
    return Comparison(
        compared=len(pairs),
        partial=len(lane) - len(whole),
        waiting=len(whole) - len(pairs),
        differing=[(kept, what) for live, kept in pairs for what in differences(live, kept)],
        newest_ms=max((kept.open_time for _, kept in pairs), default=None),
    )


def differences(live: Candle, kept: Candle) -> Iterator[str]:
    """In which of the exchange's fields they differ, in words; nothing if in none."""
    pairs = ((name, getattr(live, name), getattr(kept, name)) for name in EXCHANGE_FIELDS)
    if differing := [f"{name} {ours} here, {theirs} live" for name, theirs, ours in pairs if ours != theirs]:
        yield "; ".join(differing)
