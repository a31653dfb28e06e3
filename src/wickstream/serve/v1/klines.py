"""Candles over HTTP."""

from difflib import get_close_matches

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from wickstream.rendering import rows_of
from wickstream.serve.answers import list_response
from wickstream.serve.problems import Problem
from wickstream.serve.reader import Reader, ReaderDep, SettingsDep
from wickstream.serve.v1.examples import KLINES, PROBLEMS
from wickstream.serve.v1.parameters import (
    DEFAULT_LIMIT,
    ClosedOnlyQuery,
    IntervalQuery,
    KnownAtQuery,
    LimitQuery,
    SymbolPath,
    TimeQuery,
    refuse_unknown,
)

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"], dependencies=[Depends(refuse_unknown)])


@router.get(
    "/klines/{symbol}",
    operation_id="getKlines",
    summary="Candles of one symbol",
    response_class=Response,
    responses={200: KLINES, **PROBLEMS},
)
async def klines(
    reader: ReaderDep,
    settings: SettingsDep,
    symbol: SymbolPath,
    interval: IntervalQuery = "1m",
    start: TimeQuery = None,
    end: TimeQuery = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    closed_only: ClosedOnlyQuery = False,  # noqa: FBT002
    as_known_at: KnownAtQuery = None,
) -> Response:
    """Oldest first. Without a range the newest `limit`; with `start` alone, forward from it; with `end` alone, the last
    `limit` before it. `closed: true` is proven by trade ids; the forming candle comes last. `complete`: no ended minute
    lacks; if a store that may hold what lacks did not answer, `away` names it. With `as_known_at` the answer is the one
    of that moment, and the same whenever it is asked; 422 `unknowable` where that is not kept any more.
    """
    if start is not None and end is not None and start > end:
        raise Problem(422, "bad-range", f"start ({start}) lies after end ({end}); swap them", parameter="start")
    if symbol not in settings.named_symbols:  # which need no question, and no tier that is up
        await _refuse_unknown_symbol(reader, symbol)
    series = await reader.klines(
        symbol, interval, start=start, end=end, limit=limit, closed_only=closed_only, as_known_at=as_known_at
    )
    return list_response(
        rows_of(series.candles),
        as_of=series.as_of_ms,
        lag_ms=series.lag_ms,
        complete=series.complete,
        sources=series.sources,
        away=series.away,
    )


async def _refuse_unknown_symbol(reader: Reader, symbol: str) -> None:
    known = sorted(await reader.known_symbols())
    if symbol in known:
        return
    wanted = symbol.upper()
    nearest = [name for name in known if name.startswith(wanted)][:3] or get_close_matches(wanted, known, cutoff=0.7)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else f"known are {', '.join(known[:20]) or 'none yet'}"
    raise Problem(404, "unknown-symbol", f"no symbol {symbol}; {hint}", nearest=nearest)
