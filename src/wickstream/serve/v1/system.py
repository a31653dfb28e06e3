"""How the system itself is."""

import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.metrics import exposition
from wickstream.serve.answers import json_response
from wickstream.serve.reader import Reader, ReaderDep, SettingsDep
from wickstream.serve.v1.examples import HEALTH, PROBLEMS, REFUSALS
from wickstream.serve.v1.parameters import refuse_unknown
from wickstream.serve.v1.probes import reachable_servers
from wickstream.serve.v1.processes import look
from wickstream.serve.v1.trust_examples import COMPONENTS
from wickstream.serve.v1.trust_rows import component_row

router = APIRouter(tags=["system"], dependencies=[Depends(refuse_unknown)])

TIERS = ("hot", "warm", "cold")
LIVELY = {"hot", "warm"}  # a lake without a table answers, too: that nothing is there


@router.get(
    "/api/v1/system/health",
    operation_id="getHealth",
    summary="State of every component, and how far behind now the data is",
    response_class=Response,
    responses={200: HEALTH, **REFUSALS},
)
async def health(reader: ReaderDep, settings: SettingsDep) -> Response:
    """Always 200: `status` is ok, degraded (something is down, the rest answers) or down (nothing answers)."""
    servers = await reachable_servers(settings)
    newest = await reader.tier_states()
    as_of, lag_ms = await _clock(reader)
    return json_response(
        {
            "status": _verdict(servers, newest),
            "source": settings.source,
            "market": settings.exchange_market,
            "version": version("wickstream"),
            "as_of": as_of,
            "lag_ms": lag_ms,
            "components": {name: {"state": "up" if up else "down"} for name, up in servers.items()},
            "tiers": {tier: _tier_state(tier, newest) for tier in TIERS},
        }
    )


def _verdict(servers: dict[str, bool], newest: Mapping[str, int | None]) -> str:
    if not LIVELY & newest.keys():
        return "down"
    return "ok" if all(servers.values()) else "degraded"


def _tier_state(tier: str, newest: Mapping[str, int | None]) -> dict[str, Any]:
    return {"state": "up" if tier in newest else "down", "newest_closed": newest.get(tier)}


async def _clock(reader: Reader) -> tuple[int | None, int | None]:
    try:
        board = await reader.board()
    except StoreBusy:
        return None, None
    return board.as_of_ms, board.lag_ms


@router.get(
    "/api/v1/system/components",
    operation_id="getComponents",
    summary="What each process tells of itself: memory, rows, how far behind it is",
    response_class=Response,
    responses={200: COMPONENTS, **REFUSALS},
)
async def components(settings: SettingsDep) -> Response:
    """Always 200. Each process is asked for its metrics, at its usual port here or, with `PROCESS_HOSTS=by-name`, on
    the host of its name. `state`: up, or unknown: who asked cannot tell whether it is down or elsewhere, and `why`.
    `figures` are totals since `started_at`, and levels of now: `rows` it has worked off, records `waiting`, `lag_ms`.
    """
    found = await look(settings)
    return json_response(
        {
            "components": [component_row(process) for process in found],
            "taken_at": time.time_ns() // 1_000_000,
            "links": {"docs": "/docs", "grafana": settings.grafana_url, "airflow": _airflow(settings)},
        }
    )


def _airflow(settings: Settings) -> str | None:
    local = f"http://127.0.0.1:{settings.port('airflow')}/" if settings.airflow else None
    return settings.airflow_url or local


@router.get(
    "/livez",
    operation_id="getLiveness",
    summary="Is this process alive",
    response_class=Response,
    response_description="It is.",
)
async def livez() -> Response:
    """Says nothing about the stores: restarting this process would not mend them."""
    return json_response({"status": "alive"})


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Can this process answer questions",
    response_class=Response,
    response_description="It can.",
    responses={503: PROBLEMS[503]},
)
async def readyz(reader: ReaderDep) -> Response:
    """503 as long as neither Redis nor PostgreSQL answers; the lake is not asked, which takes memory to read it."""
    if not await reader.tier_states(LIVELY):
        raise StoreBusy("neither Redis nor PostgreSQL answers; see /api/v1/system/health")
    return json_response({"status": "ready"})


@router.get(
    "/version",
    operation_id="getVersion",
    summary="Version of wickstream",
    response_class=Response,
    response_description="Name and version.",
)
async def running_version() -> Response:
    """The installed package's version."""
    return json_response({"name": "wickstream", "version": version("wickstream")})


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Prometheus metrics of this process",
    response_class=Response,
    response_description="Text exposition format.",
)
async def metrics() -> Response:
    """Text exposition format."""
    return Response(exposition("api"), headers={"Content-Type": CONTENT_TYPE_LATEST})
