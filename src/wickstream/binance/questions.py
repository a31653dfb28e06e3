"""Reads the parameters of REST requests, and says what is wrong with them in the exchange's words. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import parse_qsl

import msgspec

from wickstream.binance.shapes import ApiError
from wickstream.binance.weights import PAGE

Query = Mapping[str, str]

STATUSES = ("TRADING", "HALT", "BREAK")  # that one may ask for
KINDS = ("FULL", "MINI")  # of 24-hour figures
MOST_PARAMETERS = 100
_DEFAULT_PAGE = 500
_MICROSECONDS_FROM = 100_000_000_000_000
# No lower case and no blanks; other scripts are allowed.
_SYMBOL = re.compile(r"[\w\-.]{1,50}")
_ZONE = re.compile(r"([+-]?)(\d{1,2})(?::(\d{2}))?")
_WIDEST_ZONE_MS = {"-": 12 * 3_600_000, "+": 14 * 3_600_000}


def parameters(query: str, known: Sequence[str]) -> dict[str, str]:
    """A raw query string's parameters: each of those that are known, and once."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise ApiError(-1101, f"Too many parameters; expected '{len(known)}'.") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ApiError(-1101, "Duplicate values for a parameter detected.")
    read = sum(name in known for name in found)
    if read < len(found):
        raise ApiError(
            -1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{len(found)}'."
        )
    return found


def mandatory(query: Query, name: str) -> str:
    """A parameter that must be there."""
    value = query.get(name, "")
    if not value:
        raise ApiError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return value


def symbol(query: Query) -> str:
    """The mandatory `symbol`, well formed; whether it exists is another question."""
    return well_formed(mandatory(query, "symbol"))


def well_formed(name: str) -> str:
    """A symbol as it came, if its characters are allowed."""
    if not _SYMBOL.fullmatch(name) or re.search("[a-z]", name):
        legal = r"^[\\w\\-._&&[^a-z]]{1,50}$"
        raise ApiError(-1100, f"Illegal characters found in parameter 'symbol'; legal range is '{legal}'.")
    return name


def symbol_list(query: Query) -> list[str] | None:
    """`symbols=["A","B"]` or `symbol=A`; None: neither was sent."""
    if "symbol" in query and "symbols" in query:
        raise ApiError(-1128, "Combination of optional parameters invalid. Recommendation: 'symbol', 'symbols'")
    if "symbol" in query:
        return [symbol(query)]
    if "symbols" not in query:
        return None
    try:
        names = msgspec.json.decode(query["symbols"], type=list[str])
    except msgspec.DecodeError as exc:
        legal = '^\\[("[\\w\\-._&&[^a-z]]{1,50}"(,"[\\w\\-._&&[^a-z]]{1,50}"){0,}){0,1}\\]$'
        raise ApiError(-1100, f"Illegal characters found in parameter 'symbols'; legal range is '{legal}'.") from exc
    if not names:
        raise ApiError(-1102, "Mandatory parameter 'symbols' was not sent, was empty/null, or malformed.")
    return [well_formed(name) for name in names]


def number(query: Query, name: str) -> int | None:
    """An optional whole number."""
    value = query.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        raise ApiError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    return int(value)


def flag(query: Query, name: str, *, default: bool) -> bool:
    """An optional `true` or `false`."""
    value = query.get(name, "").lower()
    if value not in ("", "true", "false"):
        raise ApiError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^(true|false)$'.")
    return value == "true" if value else default


def moment(query: Query, name: str) -> int | None:
    """An optional time, sent in ms or µs, as ms."""
    value = number(query, name)
    return value // 1_000 if value is not None and value >= _MICROSECONDS_FROM else value


def limit(query: Query) -> int:
    """How many are wanted; more than a page is a page."""
    value = number(query, "limit")
    if value is None:
        return _DEFAULT_PAGE
    if value < 1:
        raise ApiError(-1130, "Data sent for parameter 'limit' is not valid.")
    return min(value, PAGE)


def interval(query: Query, known: Collection[str]) -> str:
    """The mandatory `interval`, one of those that are known."""
    value = mandatory(query, "interval")
    if value not in known:
        raise ApiError(-1120, "Invalid interval.")
    return value


def kind(query: Query) -> str:
    """`type` of 24-hour figures."""
    value = query.get("type", "FULL")
    if value not in KINDS:
        raise ApiError(-1130, "Data sent for parameter 'type' is not valid.")
    return value


def status(query: Query) -> str | None:
    """An optional `symbolStatus`."""
    value = query.get("symbolStatus") or None
    if value and value not in STATUSES:
        raise ApiError(-1122, "Invalid symbolStatus.")
    return value


def zone_ms(query: Query) -> int:
    """`timeZone` of klines: what its clocks are ahead of UTC."""
    parts = _ZONE.fullmatch(query.get("timeZone", "0").strip())
    invalid = ApiError(-1130, "Data sent for parameter 'timeZone' is not valid.")
    if not parts:
        raise invalid
    sign = parts[1] or "+"
    size = int(parts[2]) * 3_600_000 + int(parts[3] or 0) * 60_000
    if size > _WIDEST_ZONE_MS[sign]:
        raise invalid
    return -size if sign == "-" else size
