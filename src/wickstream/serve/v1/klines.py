"""Candles over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from wickstream.rendering import rows_of
from wickstream.serve.answers import NextPage, list_response
from wickstream.serve.reader import ReaderDep, SettingsDep
from wickstream.serve.v1.candle_pages import further, page_of
from wickstream.serve.v1.cursors import cursor_at, position_of
from wickstream.serve.v1.examples import KLINES, PROBLEMS
from wickstream.serve.v1.kline_formats import ARROW, CSV, as_arrow, as_csv, as_klines
from wickstream.serve.v1.pages import in_form, refuse_backward
from wickstream.serve.v1.parameters import (
    DEFAULT_LIMIT,
    ClosedOnlyQuery,
    CursorQuery,
    IntervalQuery,
    KnownAtQuery,
    LimitQuery,
    SymbolPath,
    TimeQuery,
    refuse_unknown,
)
from wickstream.serve.v1.symbols import require_symbol

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"], dependencies=[Depends(refuse_unknown)])

FormatQuery = Annotated[
    Literal["json", "binance", "csv", "arrow"],
    Query(description="`binance`: the exchange's arrays of 12; `arrow`: an IPC stream."),
]
_FORMS = {"binance": ("application/json", as_klines), "csv": (CSV, as_csv), "arrow": (ARROW, as_arrow)}


@router.get(
    "/klines/{symbol}",
    operation_id="getKlines",
    summary="Candles of one symbol",
    response_class=Response,
    responses={200: KLINES, **PROBLEMS},
)
async def klines(
    request: Request,
    reader: ReaderDep,
    settings: SettingsDep,
    symbol: SymbolPath,
    interval: IntervalQuery = "1m",
    start: TimeQuery = None,
    end: TimeQuery = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    closed_only: ClosedOnlyQuery = False,  # noqa: FBT002
    as_known_at: KnownAtQuery = None,
    format: FormatQuery = "json",
    cursor: CursorQuery = None,
) -> Response:
    """Oldest first. Without a range the newest `limit`; with `start` alone, forward from it; with `end` alone, the last
    `limit` before it. `closed: true` is proven by trade ids; the forming candle comes last. `complete`: no ended minute
    lacks; if a store that may hold what lacks did not answer, `away` names it. With `as_known_at` the answer is the one
    of that moment, and the same whenever it is asked; 422 `unknowable` where that is not kept any more.

    Where there may be more, the header `Link` has the next page's address and `next_cursor` its `cursor`: forward if
    there is a `start`, else back in time. No candle is on two pages, none between them.
    """
    refuse_backward(start, end)
    await require_symbol(symbol, reader, settings)
    question = (symbol, interval, start, end, closed_only, as_known_at)
    first, last = page_of(start, end, position_of(cursor, *question) if cursor else None)
    series = await reader.klines(
        symbol, interval, start=first, end=last, limit=limit, closed_only=closed_only, as_known_at=as_known_at
    )
    next_at = further(series.candles, limit, forward=start is not None, end=end)
    next_page = None if next_at is None else NextPage(request, cursor_at((next_at,), *question))
    if format != "json":
        media_type, written = _FORMS[format]
        return await in_form(lambda: written(series.candles), media_type, next_page, complete=series.complete)
    return list_response(
        rows_of(series.candles),
        as_of=series.as_of_ms,
        lag_ms=series.lag_ms,
        complete=series.complete,
        sources=series.sources,
        away=series.away,
        next_page=next_page,
    )
