"""How much was traded in each window, by side, over HTTP."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from wickstream.candle import EXACT, Candle, plain
from wickstream.serve.answers import NextPage, list_response
from wickstream.serve.reader import ReaderDep, SettingsDep
from wickstream.serve.v1.candle_pages import further, page_of
from wickstream.serve.v1.cursors import cursor_at, position_of
from wickstream.serve.v1.examples import PROBLEMS, TRADE_COUNTS
from wickstream.serve.v1.pages import refuse_backward
from wickstream.serve.v1.parameters import (
    DEFAULT_LIMIT,
    CursorQuery,
    IntervalQuery,
    LimitQuery,
    NamedSymbolQuery,
    TimeQuery,
    refuse_unknown,
)
from wickstream.serve.v1.symbols import require_symbol
from wickstream.store.series.side_counts import Sides

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"], dependencies=[Depends(refuse_unknown)])


@router.get(
    "/trades-count",
    operation_id="getTradeCounts",
    summary="How much was traded in each window, buys and sells apart",
    response_class=Response,
    responses={200: TRADE_COUNTS, **PROBLEMS},
)
async def trade_counts(
    request: Request,
    reader: ReaderDep,
    settings: SettingsDep,
    symbol: NamedSymbolQuery,
    interval: IntervalQuery = "1m",
    start: TimeQuery = None,
    end: TimeQuery = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """Windows, ranges and pages as of candles. `trade_count` and the volumes are the candle's, and exact; a side is the
    taker's. `buy_count` and `sell_count` are counted trade by trade in the archive: null where it does not hold exactly
    `trade_count` trades of the window, as of the last minute, which it is still to get, or of history that came as
    candles. 422 `too-much` where an answer would count more than 20 million trades.
    """
    refuse_backward(start, end)
    await require_symbol(symbol, reader, settings)
    question = ("trades-count", symbol, interval, start, end)
    first, last = page_of(start, end, position_of(cursor, *question) if cursor else None)
    series = await reader.klines(
        symbol, interval, start=first, end=last, limit=limit, closed_only=False, as_known_at=None
    )
    candles = list(series.candles)
    counted = await reader.counts.read(candles)
    next_at = further(candles, limit, forward=start is not None, end=end)
    next_page = None if next_at is None else NextPage(request, cursor_at((next_at,), *question))
    return list_response(
        [_row(candle, sides) for candle, sides in zip(candles, counted.sides, strict=True)],
        as_of=series.as_of_ms,
        lag_ms=series.lag_ms,
        complete=series.complete and not counted.away,
        sources=_joined(series.sources, counted.tiers),
        away=_joined(series.away, counted.away),
        next_page=next_page,
    )


def _row(candle: Candle, sides: Sides | None) -> dict[str, Any]:
    return {
        "symbol": candle.symbol,
        "interval": candle.interval,
        "open_time": candle.open_time,
        "close_time": candle.close_time,
        "trade_count": candle.trade_count,
        "buy_count": sides.buys if sides else None,
        "sell_count": sides.sells if sides else None,
        "volume": plain(candle.volume),
        "buy_volume": plain(candle.taker_buy_volume),
        "sell_volume": _rest(candle.volume, candle.taker_buy_volume),
        "quote_volume": plain(candle.quote_volume),
        "buy_quote_volume": plain(candle.taker_buy_quote_volume),
        "sell_quote_volume": _rest(candle.quote_volume, candle.taker_buy_quote_volume),
        "closed": candle.closed,
    }


def _rest(whole: Decimal, part: Decimal) -> str:
    return plain(EXACT.subtract(whole, part))


def _joined(*lists: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for names in lists for name in names))
