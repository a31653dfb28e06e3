"""The market as it is now."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from wickstream.serve.answers import NextPage, json_response, list_response
from wickstream.serve.reader import MarketReader, ReaderDep
from wickstream.serve.v1.cursors import cursor_at, name_behind
from wickstream.serve.v1.examples import PROBLEMS, REFUSALS
from wickstream.serve.v1.market_examples import REALTIME, SPARKLINES, SUMMARY, TICKER_HEALTH, TOP
from wickstream.serve.v1.market_figures import Order, by_trades, by_volume, moves, ranked, stalest_of, totals
from wickstream.serve.v1.market_rows import board_row, health_row, move_row, sparkline_row, top_row, total_row
from wickstream.serve.v1.parameters import (
    MAX_LIMIT,
    CursorQuery,
    RowLimitQuery,
    WindowQuery,
    refuse_unknown,
)

router = APIRouter(prefix="/api/v1/market", tags=["market"], dependencies=[Depends(refuse_unknown)])

TOP_LIMIT = 20
HEALTH = "ticker-health"  # what a cursor of it is good for


@router.get(
    "/realtime",
    operation_id="getRealtime",
    summary="All symbols: last price and the last 24 hours",
    response_class=Response,
    responses={200: REALTIME, **REFUSALS},
)
async def realtime(reader: ReaderDep) -> Response:
    """From the live lane; `age_ms` says how fresh a row is. A symbol nothing was heard of yet has nulls.

    While Redis is away the prices are those of the newest candles, and all else is null.
    """
    board = await reader.board()
    return list_response(
        [board_row(row) for row in board.rows],
        as_of=board.as_of_ms,
        lag_ms=board.lag_ms,
        complete=all(row.last_price is not None for row in board.rows),
        sources=board.sources,
    )


@router.get(
    "/summary",
    operation_id="getMarketSummary",
    summary="The last 24 hours of all symbols together",
    response_class=Response,
    responses={200: SUMMARY, **REFUSALS},
)
async def summary(reader: ReaderDep) -> Response:
    """How many symbols rose and fell, what was traded in all, and of which symbol nothing was heard for longest.

    Volumes are given per quote asset, and never added up over several. `basis` says what it was taken from: the
    exchange's tickers, or while Redis is away our candles up to the newest closed one.
    """
    day, vitals = await reader.market.day(), await reader.market.vitals()
    moved = moves(day.rows)
    stalest = stalest_of(vitals.rows)
    return json_response(
        {
            "window": "24h",
            "basis": day.basis,
            "symbols": len(vitals.rows),
            "up": moved.up,
            "down": moved.down,
            "flat": moved.flat,
            "trade_count": sum(row.trade_count for row in day.rows),
            "quote_volumes": [total_row(total) for total in totals(day.rows)],
            "top_gainer": move_row(moved.gainer),
            "top_loser": move_row(moved.loser),
            "stalest": health_row(stalest),
            "as_of": day.moment.as_of_ms,
            "lag_ms": day.moment.lag_ms,
            "complete": day.complete and not vitals.away,
            "sources": list(dict.fromkeys([*day.sources, *vitals.sources])),
        }
    )


@router.get(
    "/ticker-health",
    operation_id="getTickerHealth",
    summary="When each symbol was heard of last, and whether that is as it should be",
    response_class=Response,
    responses={200: TICKER_HEALTH, **PROBLEMS},
)
async def ticker_health(
    request: Request, reader: ReaderDep, limit: RowLimitQuery = MAX_LIMIT, cursor: CursorQuery = None
) -> Response:
    """All symbols that are followed, by name. `status`: *ok*; *quiet*: its tickers come, nothing was traded for a
    minute; *silent*: for 3 s of the exchange's clock not even a ticker came, and one a second is sent; *halted*: the
    exchange says so (`exchange_status`). Null while Redis is away, which alone knows what came. In a replay the clock
    stands where the recording ends.
    """
    vitals = await reader.market.vitals()
    begin = name_behind(cursor, HEALTH)
    behind = [row for row in vitals.rows if row.symbol > begin]
    page = behind[:limit]
    return list_response(
        [health_row(row) for row in page],
        as_of=vitals.moment.as_of_ms,
        lag_ms=vitals.moment.lag_ms,
        complete=not vitals.away,
        sources=vitals.sources,
        away=vitals.away,
        next_page=NextPage(request, cursor_at([page[-1].symbol], HEALTH)) if len(behind) > limit else None,
    )


@router.get(
    "/top-by-trades",
    operation_id="getTopByTrades",
    summary="The symbols with the most trades",
    response_class=Response,
    responses={200: TOP, **PROBLEMS},
)
async def top_by_trades(reader: ReaderDep, window: WindowQuery = "1h", limit: RowLimitQuery = TOP_LIMIT) -> Response:
    """The most trades first. `basis`: *candles*: 60 minutes of our own, the last one forming (`1h`); *tickers*: the
    exchange's rolling 24 hours (`24h`; while Redis is away from candles, too).
    """
    return await _top(reader.market, window, by_trades, limit)


@router.get(
    "/top-by-volume",
    operation_id="getTopByVolume",
    summary="The symbols with the largest quote volume",
    response_class=Response,
    responses={200: TOP, **PROBLEMS},
)
async def top_by_volume(reader: ReaderDep, window: WindowQuery = "1h", limit: RowLimitQuery = TOP_LIMIT) -> Response:
    """By quote volume, the largest first. `quote_asset` says what it is in; different ones are compared by what they
    are worth in US dollars at the newest prices (`usd_volume`), and what has no price in dollars comes last. `basis` is
    as of top-by-trades.
    """
    return await _top(reader.market, window, by_volume, limit)


@router.get(
    "/sparklines",
    operation_id="getSparklines",
    summary="The last hour of all symbols, as closes",
    response_class=Response,
    responses={200: SPARKLINES, **REFUSALS},
)
async def sparklines(reader: ReaderDep) -> Response:
    """For small charts, all in one answer: each symbol's closes of the minute of now, which is still forming, and of
    the 59 before it. `open_time` is that of the first, the others follow minute by minute; null: a minute without a
    candle. A symbol of which the hour has none is left out. At most a second old.
    """
    found = await reader.market.hour()
    return list_response(
        [sparkline_row(row) for row in found.rows if row.closes],
        as_of=found.moment.as_of_ms,
        lag_ms=found.moment.lag_ms,
        complete=found.complete,
        sources=found.sources,
        away=found.away,
        basis=found.basis,
    )


async def _top(market: MarketReader, window: str, order: Order, limit: int) -> Response:
    found = await (market.hour() if window == "1h" else market.day())
    return list_response(
        [top_row(row) for row in ranked(found.rows, order)[:limit]],
        as_of=found.moment.as_of_ms,
        lag_ms=found.moment.lag_ms,
        complete=found.complete,
        sources=found.sources,
        away=found.away,
        window=window,
        basis=found.basis,
    )
