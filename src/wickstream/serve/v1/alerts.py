"""Alerts over HTTP."""

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator

from wickstream.candle import plain
from wickstream.events import Alert, AlertType
from wickstream.serve.answers import NextPage, list_response
from wickstream.serve.reader import Reader, ReaderDep, SettingsDep
from wickstream.serve.v1.analytics_examples import ALERTS, ALERTS_OF
from wickstream.serve.v1.cursors import cursor_at, position_of
from wickstream.serve.v1.examples import PROBLEMS
from wickstream.serve.v1.pages import refuse_backward
from wickstream.serve.v1.parameters import AtQuery, CursorQuery, RowLimitQuery, SymbolQuery, refuse_unknown
from wickstream.store.series.alert_series import AlertQuestion

router = APIRouter(prefix="/api/v1/analytics/alerts", tags=["analytics"], dependencies=[Depends(refuse_unknown)])

DEFAULT_LIMIT = 100
_LONGEST_AMOUNT = 30


def _amount(value: object) -> object:
    refusal = "an amount in plain digits is needed, as in 250000 or 2.5"
    if not isinstance(value, str):
        return value
    if len(value) > _LONGEST_AMOUNT or not value.isascii() or not value.replace(".", "", 1).isdigit():
        raise ValueError(refusal)
    try:
        return Decimal(value)
    except InvalidOperation as exc:
        raise ValueError(refusal) from exc


TypeQuery = Annotated[AlertType | None, Query(description="Only of this type.")]
ValueQuery = Annotated[
    Annotated[Decimal, BeforeValidator(_amount)] | None,
    Query(description="At least so much: US dollars, of a price spike percent.", examples=["250000"]),
]
LateQuery = Annotated[bool | None, Query(description="Only those that were, or were not, over 60 s old when made.")]
FinalQuery = Annotated[bool | None, Query(description="Only of minutes that are over, or of those that were not.")]


@dataclass(frozen=True)
class _Asked:
    """What all these routes are asked alike."""

    request: Request
    reader: Reader
    source: str
    question: AlertQuestion
    cursor: str | None


def _asked(
    request: Request,
    reader: ReaderDep,
    settings: SettingsDep,
    symbol: SymbolQuery = None,
    min_value: ValueQuery = None,
    start: AtQuery = None,
    end: AtQuery = None,
    late: LateQuery = None,
    final: FinalQuery = None,
    limit: RowLimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> _Asked:
    refuse_backward(start, end)
    question = AlertQuestion(limit, symbol=symbol, min_value=min_value, start=start, end=end, late=late, final=final)
    return _Asked(request, reader, settings.source, question, cursor)


AskedDep = Annotated[_Asked, Depends(_asked)]


def _shown(example: dict[str, Any]) -> dict[str, Any]:
    return {"response_class": Response, "responses": {200: example, **PROBLEMS}}


@router.get("", operation_id="getAlerts", summary="Alerts of all types", **_shown(ALERTS))
async def alerts(asked: AskedDep, type: TypeQuery = None) -> Response:
    """Newest first, each once: `final: false` as long as its minute goes on, then the same id with that minute's facts.
    `next_cursor` leads to older ones.
    """
    return await _answer(asked, type)


@router.get(
    "/whale-alerts", operation_id="getWhaleAlerts", summary="Single large trades", **_shown(ALERTS_OF[AlertType.WHALE])
)
async def whale_alerts(asked: AskedDep) -> Response:
    """Trades of more than the threshold, in US dollars; newest first."""
    return await _answer(asked, AlertType.WHALE)


@router.get(
    "/sweeps", operation_id="getSweeps", summary="Large orders in several trades", **_shown(ALERTS_OF[AlertType.SWEEP])
)
async def sweeps(asked: AskedDep) -> Response:
    """Trades of the same time and side with consecutive ids: one taker's order; newest first."""
    return await _answer(asked, AlertType.SWEEP)


@router.get(
    "/volume-spikes",
    operation_id="getVolumeSpikes",
    summary="Minutes of large volume",
    **_shown(ALERTS_OF[AlertType.VOLUME_SPIKE]),
)
async def volume_spikes(asked: AskedDep) -> Response:
    """Minutes whose quote volume is more than the threshold; newest first."""
    return await _answer(asked, AlertType.VOLUME_SPIKE)


@router.get(
    "/price-spikes",
    operation_id="getPriceSpikes",
    summary="Minutes of large moves",
    **_shown(ALERTS_OF[AlertType.PRICE_SPIKE]),
)
async def price_spikes(asked: AskedDep) -> Response:
    """Minutes that moved away from their open by more than the threshold, in percent; newest first."""
    return await _answer(asked, AlertType.PRICE_SPIKE)


async def _answer(asked: _Asked, kind: AlertType | None) -> Response:
    question = replace(asked.question, type=kind)
    if asked.cursor:
        at, alert_id = position_of(asked.cursor, replace(question, limit=0))
        page = replace(question, before=(int(at), str(alert_id)))
    else:
        page = question
    found, moment = await asked.reader.alerts.read(page), await asked.reader.market.moment()
    next_page = found.further and NextPage(asked.request, cursor_at(found.further, replace(question, limit=0)))
    return list_response(
        [_row(alert) for alert in found.alerts],
        as_of=moment.as_of_ms,
        lag_ms=moment.lag_ms,
        complete=not found.away,
        sources=(asked.source, *found.tiers),
        away=found.away,
        next_page=next_page,
    )


def _row(alert: Alert) -> dict[str, Any]:
    row = msgspec.structs.asdict(alert)
    return row | {"value": plain(alert.value), "threshold": plain(alert.threshold)}
