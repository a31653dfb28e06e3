"""What is written down about the data: gaps, what of each hour is there, what is followed. PostgreSQL answers alone."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from wickstream.config import Settings
from wickstream.events import GapStatus
from wickstream.serve.answers import NextPage, list_response
from wickstream.serve.reader import Reader, ReaderDep, SettingsDep
from wickstream.serve.v1.cursors import cursor_at, name_behind, position_of
from wickstream.serve.v1.examples import PROBLEMS
from wickstream.serve.v1.integrity_pages import BEGIN, Place, Span, names_of_page, page_of, span_of
from wickstream.serve.v1.pages import refuse_backward
from wickstream.serve.v1.parameters import (
    DEFAULT_LIMIT,
    CursorQuery,
    DetectedQuery,
    GapStatusQuery,
    RowLimitQuery,
    SymbolQuery,
    TimeQuery,
    refuse_unknown,
)
from wickstream.serve.v1.settled import newest_ms
from wickstream.serve.v1.symbols import require_symbol
from wickstream.serve.v1.system_examples import GAPS, INTEGRITY, SYMBOLS
from wickstream.serve.v1.system_rows import gap_row, hour_row, symbol_row
from wickstream.store.series.board import Moment
from wickstream.store.warm.gap_reads import GapPlace, GapQuestion

router = APIRouter(prefix="/api/v1/system", tags=["system"], dependencies=[Depends(refuse_unknown)])

EVENTS = 20  # of a symbol's history, in a list
ALL_EVENTS = 1_000  # of one that is asked for by name


@router.get(
    "/gaps",
    operation_id="getGaps",
    summary="The ledger: which trade ids were missing, what became of them, and which minutes were halted",
    response_class=Response,
    responses={200: GAPS, **PROBLEMS},
)
async def gaps(
    request: Request,
    reader: ReaderDep,
    settings: SettingsDep,
    symbol: SymbolQuery = None,
    status: GapStatusQuery = None,
    start: DetectedQuery = None,
    end: DetectedQuery = None,
    limit: RowLimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """The newest first, by the exchange's time at which they were noticed. An entry is of ids, or of a minute without
    trading (`open_time`). `status`: *open*: not here yet; *filled* and *repaired*: brought here, by `filled_by`;
    *candles_only*: candles are exact, and single trades not to be had; *absent*: the exchange does not have them, by
    `evidence`; *halted*. `complete`: nothing in this answer is open.
    """
    refuse_backward(start, end)
    await _require_any(symbol, reader, settings)
    question = ("gaps", symbol, status, start, end)
    behind = GapPlace(*position_of(cursor, *question)) if cursor else None  # type: ignore[arg-type]  # sealed
    found = await reader.records.gaps(GapQuestion(symbol, status, start, end, behind, limit + 1))
    page = found[:limit]
    return _answer(
        [gap_row(gap) for gap in page],
        settings,
        await reader.market.moment(),
        complete=all(gap.status is not GapStatus.OPEN for gap in page),
        next_page=NextPage(request, cursor_at(GapPlace.of(page[-1]), *question)) if len(found) > limit else None,
    )


@router.get(
    "/integrity",
    operation_id="getIntegrity",
    summary="How many minutes of each hour are closed, halted or missing",
    response_class=Response,
    responses={200: INTEGRITY, **PROBLEMS},
)
async def integrity(
    request: Request,
    reader: ReaderDep,
    settings: SettingsDep,
    symbol: SymbolQuery = None,
    start: TimeQuery = None,
    end: TimeQuery = None,
    limit: RowLimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """By symbol and hour, of the minutes in which the symbol was followed and that ended half a minute ago. *complete*:
    closed; *repaired*: closed by a later revision; *quiet*: closed, and nothing was traded; *halted*; *missing*: none
    of these. `unproven` are those whose mark the books could not match yet, counted as closed or missing. Without a
    range the last 24 hours, 31 days at most; hours that PostgreSQL let go are not counted.
    `complete` of the answer: nothing is missing in it.
    """
    refuse_backward(start, end)
    await _require_any(symbol, reader, settings)
    question, moment = ("integrity", symbol, start, end), await reader.market.moment()
    names = [symbol] if symbol else await reader.records.names()
    if cursor:
        name, hour, first_ms, last_ms = position_of(cursor, *question)
        behind, span = Place(str(name), int(hour)), Span(int(first_ms), int(last_ms))
    else:
        behind, span = BEGIN, span_of(start, end, await newest_ms(reader, names, moment))
    counted = names_of_page(names, behind, span, limit)
    rows = await reader.records.hours(counted, *span) if span.hours else []
    page, place = page_of(rows, names, counted, behind, span, limit)
    return _answer(
        [hour_row(row) for row in page],
        settings,
        moment,
        complete=not any(row.missing for row in page),
        next_page=NextPage(request, cursor_at([*place, *span], *question)) if place else None,
        start=span.first_ms,
        end=span.last_ms,
    )


@router.get(
    "/symbols",
    operation_id="getSymbols",
    summary="What is followed, since when, and what became of it",
    response_class=Response,
    responses={200: SYMBOLS, **PROBLEMS},
)
async def symbols(
    request: Request,
    reader: ReaderDep,
    settings: SettingsDep,
    symbol: SymbolQuery = None,
    limit: RowLimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """By name; also those that were followed once. `status` is the exchange's newest word, `chosen_by` the list, rule
    or operator by whose wish it is followed. `history` has the newest 20 words first, of a `symbol` asked for by name
    1,000. Candles: the oldest and newest closed one that PostgreSQL keeps; the lake may have older ones.
    """
    await _require_any(symbol, reader, settings)
    begin = name_behind(cursor, "symbols", symbol)
    names = [symbol] if symbol else [name for name in await reader.records.names() if name > begin]
    page = names[:limit]
    records = await reader.records.symbols(page, events=ALL_EVENTS if symbol else EVENTS)
    return _answer(
        [symbol_row(record) for record in records],
        settings,
        await reader.market.moment(),
        complete=True,
        next_page=NextPage(request, cursor_at([page[-1]], "symbols", symbol)) if len(names) > limit else None,
    )


def _answer(
    rows: Sequence[dict[str, Any]],
    settings: Settings,
    moment: Moment,
    *,
    complete: bool,
    next_page: NextPage | None,
    **facts: Any,
) -> Response:
    return list_response(
        rows,
        as_of=moment.as_of_ms,
        lag_ms=moment.lag_ms,
        complete=complete,
        sources=(settings.source, "warm"),
        next_page=next_page,
        **facts,
    )


async def _require_any(symbol: str | None, reader: Reader, settings: Settings) -> None:
    if symbol is not None:
        await require_symbol(symbol, reader, settings)
