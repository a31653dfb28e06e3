"""Pages of candles: forward from a start, or back in time where there is none. Pure."""

from collections.abc import Sequence

from wickstream.candle import Candle


def page_of(start: int | None, end: int | None, position: Sequence[int | str] | None) -> tuple[int | None, int | None]:
    """The range of a page: the whole one, or what lies from `position` on."""
    if position is None:
        return start, end
    at = int(position[0])
    return (None, at) if start is None else (at, end)


def further(candles: Sequence[Candle], limit: int, *, forward: bool, end: int | None) -> int | None:
    """Where the next page begins; None behind the last one."""
    if len(candles) < limit:
        return None
    at = candles[-1].close_time + 1 if forward else candles[0].open_time - 1
    return None if at < 0 or (end is not None and at > end) else at
