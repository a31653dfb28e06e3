"""Single trades over HTTP."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from wickstream.candle import EXACT, plain
from wickstream.events import Trade
from wickstream.serve.answers import NextPage, list_response
from wickstream.serve.problems import Problem
from wickstream.serve.reader import ReaderDep, SettingsDep, Trades
from wickstream.serve.v1.analytics_examples import TRADES
from wickstream.serve.v1.cursors import cursor_at, position_of
from wickstream.serve.v1.examples import PROBLEMS
from wickstream.serve.v1.kline_formats import CSV, csv_of
from wickstream.serve.v1.pages import in_form, refuse_backward
from wickstream.serve.v1.parameters import (
    DEFAULT_LIMIT,
    AtQuery,
    CursorQuery,
    IdQuery,
    LimitQuery,
    SymbolPath,
    refuse_unknown,
)
from wickstream.serve.v1.symbols import require_symbol
from wickstream.store.series.trade_series import TradeQuestion

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"], dependencies=[Depends(refuse_unknown)])

FormatQuery = Annotated[Literal["json", "csv"], Query(description="Of the answer.")]
_COLUMNS = ("symbol", "trade_id", "price", "quantity", "quote_quantity", "traded_at", "buyer_is_maker", "counts")


@router.get(
    "/trades/{symbol}",
    operation_id="getTrades",
    summary="Single trades of one symbol",
    response_class=Response,
    responses={200: TRADES, **PROBLEMS},
)
async def trades(
    request: Request,
    reader: ReaderDep,
    settings: SettingsDep,
    symbol: SymbolPath,
    from_id: IdQuery = None,
    start: AtQuery = None,
    end: AtQuery = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    format: FormatQuery = "json",
    cursor: CursorQuery = None,
) -> Response:
    """In the order of their ids: from `from_id` or from `start` on; with `end` alone the last until then; without all
    of them the newest. `missing`: first and last id of what no store has and the exchange is not proven to lack.

    Where there may be more, the header `Link` has the next page's address and `next_cursor` its `cursor`: forward from
    an id or a `start`, else back in time.
    """
    refuse_backward(start, end)
    if from_id is not None and start is not None:
        raise Problem(422, "bad-range", "from_id and start both say where to begin; give one", parameter="start")
    await require_symbol(symbol, reader, settings)
    asked = (symbol, from_id, start, end)
    question = TradeQuestion(symbol, limit, start, end, from_id)
    found = await reader.trades_page(_page(question, position_of(cursor, *asked)) if cursor else question)
    further = _further(question, found)
    next_page = None if further is None else NextPage(request, cursor_at((further,), *asked))
    rows = [_row(trade) for trade in found.trades]
    if format == "csv":
        return await in_form(lambda: csv_of(_COLUMNS, rows), CSV, next_page, complete=found.complete)
    moment = await reader.market.moment()
    return list_response(
        rows,
        as_of=moment.as_of_ms,
        lag_ms=moment.lag_ms,
        complete=found.complete,
        sources=(settings.source, *found.tiers),
        away=found.away,
        next_page=next_page,
        missing=found.missing,
    )


def _page(question: TradeQuestion, position: list[int | str]) -> TradeQuestion:
    at = int(position[0])
    if _is_forward(question):
        return TradeQuestion(question.symbol, question.limit, question.start, question.end, from_id=at)
    return TradeQuestion(question.symbol, question.limit, end=question.end, before_id=at)


def _is_forward(question: TradeQuestion) -> bool:
    return (question.from_id, question.start) != (None, None)


def _further(question: TradeQuestion, found: Trades) -> int | None:
    """The id that the next page begins at, or backward ends before; None behind the last one.

    Backward there are ids down to 0, whatever is held.
    """
    if _is_forward(question):
        return found.ids.stop if len(found.ids) == question.limit else None
    return found.ids.start if found.trades and found.ids.start > 0 else None


def _row(trade: Trade) -> dict[str, Any]:
    row = msgspec.structs.asdict(trade)
    told = {"price": plain(trade.price), "quantity": plain(trade.quantity), "traded_at": trade.traded_at_ms}
    told["quote_quantity"] = plain(EXACT.multiply(trade.price, trade.quantity))
    return {name: told[name] if name in told else row[name] for name in _COLUMNS}
