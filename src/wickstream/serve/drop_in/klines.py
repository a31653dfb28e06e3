"""Klines: closed candles, and the forming one last."""

from wickstream.binance import questions
from wickstream.binance.shapes import ApiError
from wickstream.candle import INTERVALS, window_end
from wickstream.rendering import arrays_of
from wickstream.serve.drop_in.door import Asked, Endpoint, Said

SECONDS = "1s"  # the exchange has them; single trades would have to be read for each
_BY_CALENDAR = ("3d", "1w", "1M")  # windows that a time zone moves, whichever it is


async def klines(asked: Asked) -> Said:
    """`startTime` and `endTime` are inclusive on the open time. Minutes that ended and are not proven are left out."""
    query = asked.query
    name, interval = await asked.symbol(), _interval(query)
    start, end = questions.moment(query, "startTime"), questions.moment(query, "endTime")
    zone_ms, limit = questions.zone_ms(query), questions.limit(query)
    if start is not None and end is not None and start > end:
        return Said([], complete=True)
    series = await asked.reader.klines(
        name,
        interval,
        start=start,
        end=end,
        limit=limit,
        closed_only=True,
        and_forming=True,
        as_known_at=None,
        zone_ms=_moving(zone_ms, interval),
    )
    return Said(arrays_of(series.candles), series.complete)


def _interval(query: questions.Query) -> str:
    value = questions.interval(query, (SECONDS, *INTERVALS))
    if value == SECONDS:
        raise ApiError(-1120, f"Invalid interval. Candles of 1s are not kept here; there are {', '.join(INTERVALS)}.")
    return value


def _moving(zone_ms: int, interval: str) -> int:
    """The zone, if its windows are others than those of UTC."""
    is_same = interval not in _BY_CALENDAR and zone_ms % window_end(0, interval) == 0
    return 0 if is_same else zone_ms


KLINES = Endpoint("klines", klines, ("symbol", "interval", "startTime", "endTime", "timeZone", "limit"))
