"""The market as it is now."""

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from wickstream.candle import plain
from wickstream.serve.answers import list_response
from wickstream.serve.reader import BoardRow, ReaderDep
from wickstream.serve.v1.examples import PROBLEMS, REALTIME
from wickstream.serve.v1.parameters import refuse_unknown

router = APIRouter(prefix="/api/v1/market", tags=["market"], dependencies=[Depends(refuse_unknown)])


@router.get(
    "/realtime",
    operation_id="getRealtime",
    summary="All symbols: last price and the last 24 hours",
    response_class=Response,
    responses={200: REALTIME, 503: PROBLEMS[503]},
)
async def realtime(reader: ReaderDep) -> Response:
    """From the live lane; `age_ms` says how fresh a row is. A symbol nothing was heard of yet has nulls.

    While Redis is away the prices are those of the newest candles, and all else is null.
    """
    board = await reader.board()
    return list_response(
        [_row(row) for row in board.rows],
        as_of=board.as_of_ms,
        lag_ms=board.lag_ms,
        complete=all(row.last_price is not None for row in board.rows),
        sources=board.sources,
    )


def _row(row: BoardRow) -> dict[str, Any]:
    day = row.ticker
    return {
        "symbol": row.symbol,
        "last_price": None if row.last_price is None else plain(row.last_price),
        "price_change": day and plain(day.price_change),
        "price_change_pct": day and f"{day.price_change_pct:.3f}",  # places as the exchange writes them
        "high_price": day and plain(day.high_price),
        "low_price": day and plain(day.low_price),
        "volume": day and plain(day.volume),
        "quote_volume": day and plain(day.quote_volume),
        "trade_count": day and day.trade_count,
        "age_ms": row.age_ms,
    }
