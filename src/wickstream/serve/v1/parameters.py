"""Query parameters: known names, plain digits, sane ranges; what is wrong is said in words."""

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import Path, Query, Request
from fastapi.dependencies.models import Dependant
from pydantic import AfterValidator, BeforeValidator, Field

from wickstream.candle import INTERVALS
from wickstream.events import GapStatus
from wickstream.serve.problems import Problem

MAX_LIMIT = 1_000
DEFAULT_LIMIT = 500
LONGEST_CURSOR = 300

# Letters of any script, for the exchange has such symbols; of ASCII only letters, digits and _ . -
_NAME = r"^[^\x00-,/:-@\[-^`{-\xbf]{1,20}$"

_EARLIEST_MS = 100_000_000_000  # 1973; smaller numbers are seconds that were meant as ms
_LATEST_MS = 4_102_444_800_000  # 2100


def refuse_unknown(request: Request) -> None:
    """A misspelt parameter that is silently ignored gives a wrong answer with a 200: refuse it."""
    known = list(dict.fromkeys(_names(request.scope["route"].dependant)))
    for name in request.query_params:
        if name not in known:
            takes = f"this route takes {', '.join(known)}" if known else "this route takes none"
            raise Problem(400, "unknown-parameter", f"unknown parameter {name[:40]!r}; {takes}", known=known)
        if len(request.query_params.getlist(name)) > 1:
            raise Problem(400, "repeated-parameter", f"{name} is given more than once; give it once")


def _names(dependant: Dependant) -> Iterator[str]:
    """Of its own query parameters, then of those of what it depends on."""
    yield from (field.alias for field in dependant.query_params)
    for further in dependant.dependencies:
        yield from _names(further)


def _ascii_digits(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 19):
        raise ValueError("a whole number in plain digits is needed")
    return value


def _sane_time(time_ms: int) -> int:
    if time_ms and not _EARLIEST_MS <= time_ms <= _LATEST_MS:
        raise ValueError("times are epoch milliseconds in UTC, as in 1723075200000")
    return time_ms


def _served_limit(limit: int) -> int:
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"must be from 1 to {MAX_LIMIT}")
    return limit


def _served_interval(interval: str) -> str:
    if interval not in INTERVALS:
        raise ValueError(f"must be one of {', '.join(INTERVALS)}")
    return interval


SymbolPath = Annotated[
    str,
    Path(pattern=_NAME, description="As the exchange spells it.", examples=["BTCUSDT"]),
]
IdQuery = Annotated[
    Annotated[int, BeforeValidator(_ascii_digits), Field(le=2**63 - 1)] | None,
    Query(description="A trade's id.", examples=[3735694820]),
]
IntervalQuery = Annotated[
    str,
    AfterValidator(_served_interval),
    Query(description="Width of a candle.", examples=["1m"], json_schema_extra={"enum": list(INTERVALS)}),
]
TimeQuery = Annotated[
    Annotated[int, BeforeValidator(_ascii_digits), AfterValidator(_sane_time)] | None,
    Query(description="Epoch ms, inclusive, compared with `open_time`.", examples=[1723075200000]),
]
AtQuery = Annotated[
    Annotated[int, BeforeValidator(_ascii_digits), AfterValidator(_sane_time)] | None,
    Query(description="Epoch ms, inclusive.", examples=[1723075200000]),
]
KnownAtQuery = Annotated[
    Annotated[int, BeforeValidator(_ascii_digits), AfterValidator(_sane_time)] | None,
    Query(
        description="Epoch ms: answer from what was known here at that moment, closed minutes only. For backtests.",
        examples=[1723161720000],
    ),
]
LimitQuery = Annotated[
    int,
    BeforeValidator(_ascii_digits),
    AfterValidator(_served_limit),
    Query(description="Most candles to answer with.", json_schema_extra={"minimum": 1, "maximum": MAX_LIMIT}),
]
ClosedOnlyQuery = Annotated[bool, Query(description="Leave out the forming candle and unclosed minutes.")]
RowLimitQuery = Annotated[
    int,
    BeforeValidator(_ascii_digits),
    AfterValidator(_served_limit),
    Query(
        description="Most rows to answer with.",
        json_schema_extra={"minimum": 1, "maximum": MAX_LIMIT},
    ),
]
SymbolQuery = Annotated[
    str | None,
    Query(pattern=_NAME, description="Only this one; as the exchange spells it.", examples=["BTCUSDT"]),
]
NamedSymbolQuery = Annotated[
    str,
    Query(pattern=_NAME, description="As the exchange spells it.", examples=["BTCUSDT"]),
]
WindowQuery = Annotated[Literal["1h", "24h"], Query(description="How far back.")]
DetectedQuery = Annotated[
    Annotated[int, BeforeValidator(_ascii_digits), AfterValidator(_sane_time)] | None,
    Query(description="Epoch ms, inclusive, compared with `detected_at`.", examples=[1723075200000]),
]
GapStatusQuery = Annotated[GapStatus | None, Query(description="Only these entries.")]
CursorQuery = Annotated[
    Annotated[str, Field(min_length=1, max_length=LONGEST_CURSOR, pattern="^[A-Za-z0-9_-]+$")] | None,
    Query(description="The answer's `next_cursor`, beside the same parameters: the next page."),
]
