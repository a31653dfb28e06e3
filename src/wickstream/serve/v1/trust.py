"""What the data's trustworthiness rests on: an hour minute by minute, the last proofs, and one count beside another."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from wickstream.candle import window_start
from wickstream.events import MINUTE_MS, GapStatus
from wickstream.serve.answers import NextPage, list_response
from wickstream.serve.reader import ReaderDep, SettingsDep
from wickstream.serve.v1.cursors import cursor_at, name_behind
from wickstream.serve.v1.examples import PROBLEMS
from wickstream.serve.v1.integrity_pages import HOUR_MS
from wickstream.serve.v1.parameters import (
    DEFAULT_LIMIT,
    AtQuery,
    CursorQuery,
    RowLimitQuery,
    SymbolPath,
    SymbolQuery,
    refuse_unknown,
)
from wickstream.serve.v1.settled import newest_ms
from wickstream.serve.v1.symbols import require_symbol
from wickstream.serve.v1.system_rows import gap_row
from wickstream.serve.v1.trust_examples import AGREEMENT, HOUR, PROOFS
from wickstream.serve.v1.trust_rows import agreement_row, minute_row, proof_row
from wickstream.store.warm.hour_minutes import MinuteState

router = APIRouter(prefix="/api/v1/system", tags=["system"], dependencies=[Depends(refuse_unknown)])

LAST_PROOFS = 20

KindQuery = Annotated[Literal["verify", "validate"] | None, Query(description="Only of this command.")]


@router.get(
    "/integrity/{symbol}",
    operation_id="getIntegrityOfHour",
    summary="One hour of one symbol: what became of each minute, and what the ledger has of it",
    response_class=Response,
    responses={200: HOUR, **PROBLEMS},
)
async def hour_of(symbol: SymbolPath, reader: ReaderDep, settings: SettingsDep, at: AtQuery = None) -> Response:
    """The hour that `at` lies in, else the newest. `state` of a minute is what `…/system/integrity` counts it as;
    minutes in which the symbol was not followed, or that ended just now, are left out. `trade_count`, ids, `revision`
    and `origin` are of its candle, null where there is none. `gaps`: entries of the ledger whose ids may have been
    traded in this hour, or that are a halt within it; at most 200. `complete`: no minute is missing.
    """
    await require_symbol(symbol, reader, settings)
    moment = await reader.market.moment()
    until_ms = await newest_ms(reader, [symbol], moment)
    first_ms = window_start(until_ms if at is None else at, "1h")
    last_ms = min(first_ms + HOUR_MS - MINUTE_MS, until_ms)
    hour = await reader.records.hour(symbol, first_ms, last_ms)
    return list_response(
        [minute_row(minute) for minute in hour.minutes],
        as_of=moment.as_of_ms,
        lag_ms=moment.lag_ms,
        complete=not any(minute.state is MinuteState.MISSING for minute in hour.minutes),
        sources=(settings.source, "warm"),
        symbol=symbol,
        hour=first_ms,
        open_entries=sum(gap.status is GapStatus.OPEN for gap in hour.gaps),
        gaps=[gap_row(gap) for gap in hour.gaps],
    )


@router.get(
    "/proofs",
    operation_id="getProofs",
    summary="How the last runs of verify and validate ended",
    response_class=Response,
    responses={200: PROOFS, **PROBLEMS},
)
async def proofs(
    reader: ReaderDep, settings: SettingsDep, kind: KindQuery = None, limit: RowLimitQuery = LAST_PROOFS
) -> Response:
    """The newest first; 200 of each kind are kept. `verify` proves files, chain of ids and tier against tier,
    `validate` judges form, freshness and agreement; of many faults of a check the first are told. `start` and `end`:
    which minutes, null: all. `complete`: the newest of each kind in this answer passed.
    """
    moment = await reader.market.moment()
    found = await reader.records.proofs(kind, limit)
    newest = {proof.kind: proof for proof in reversed(found)}
    return list_response(
        [proof_row(proof) for proof in found],
        as_of=moment.as_of_ms,
        lag_ms=moment.lag_ms,
        complete=all(proof.passed for proof in newest.values()),
        sources=(settings.source, "warm"),
    )


@router.get(
    "/agreement",
    operation_id="getAgreement",
    summary="The live lane's last minutes beside the stream's closed candles",
    response_class=Response,
    responses={200: AGREEMENT, **PROBLEMS},
)
async def agreement(
    request: Request,
    reader: ReaderDep,
    settings: SettingsDep,
    symbol: SymbolQuery = None,
    limit: RowLimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """By name, of what is followed. Two programs count the same trades apart from each other; here are the last ten
    minutes of the faster one. *compared*: it saw all of the minute, and the candle is closed; *differing*: those of
    them that do, and in what; *waiting*: not closed yet; *partial*: not seen whole, as after a start. `complete`:
    nothing differs.
    """
    if symbol is not None:
        await require_symbol(symbol, reader, settings)
    begin = name_behind(cursor, "agreement", symbol)
    names = [symbol] if symbol else [name for name in await reader.market.followed() if name > begin]
    found = await reader.market.agreement(names[:limit])
    moment = await reader.market.moment()
    return list_response(
        [agreement_row(name, comparison) for name, comparison in found.items()],
        as_of=moment.as_of_ms,
        lag_ms=moment.lag_ms,
        complete=not any(comparison.differing for comparison in found.values()),
        sources=(settings.source, "lane", "warm"),
        next_page=NextPage(request, cursor_at([names[limit - 1]], "agreement", symbol)) if len(names) > limit else None,
    )
