"""Control messages of a stream connection, seen from the exchange: SUBSCRIBE and its kin, and what it answers."""

import json
import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
LONGEST_BYTES = 4_096  # longer messages are cut there, without a word

_TEXT_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")  # "alphanumeric", says the documentation; its own SDK sends UUIDs


class Request(NamedTuple):
    """One understood control message."""

    method: str
    params: Sequence[Any]
    id: int | str | None


class ControlError(Exception):
    """What the exchange answers to a message it does not accept."""

    def __init__(self, code: int, message: str, request_id: int | str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.request_id = request_id

    def answer(self) -> bytes:
        """On the wire errors are nested, whatever the documentation shows."""
        return msgspec.json.encode({"error": {"code": self.code, "msg": self.message}, "id": self.request_id})


def parse_request(message: bytes) -> Request:
    """Understand one message.

    Raises:
        ControlError: If it is not JSON, or not a request.
    """
    message = message[:LONGEST_BYTES]
    try:
        request = json.loads(message)
    except json.JSONDecodeError as exc:
        raise ControlError(3, f"Invalid JSON: expected value at line {exc.lineno} column {exc.colno}") from exc
    except (UnicodeDecodeError, RecursionError) as exc:
        raise ControlError(3, "Invalid JSON: invalid unicode code point at line 1 column 1") from exc
    if not isinstance(request, dict):
        raise ControlError(2, "Invalid request: expected a map at line 1 column 1")
    return _checked(request, len(message))


def answer(request_id: int | str | None, result: Any = None) -> bytes:
    """The answer to a request that was accepted."""
    return msgspec.json.encode({"result": result, "id": request_id})


def answered(message: bytes, do: Callable[[Request], Any]) -> bytes:
    """What is answered to a message: the result of doing what it asks, or why it is not done.

    `do` may raise ControlError.
    """
    try:
        request = parse_request(message)
        return answer(request.id, do(request))
    except ControlError as error:
        return error.answer()


class Flood:
    """Whether messages of a connection come faster than so many a second."""

    def __init__(self, per_second: int) -> None:
        self._heard: deque[float] = deque(maxlen=per_second)

    def is_flooded_by_one(self, now_s: float) -> bool:
        """Count one that comes now, and tell whether it is one too many."""
        is_full = len(self._heard) == self._heard.maxlen
        is_flooding = is_full and now_s - self._heard[0] < 1.0
        self._heard.append(now_s)
        return is_flooding


def stream_names(request: Request) -> list[str]:
    """The streams of a SUBSCRIBE or UNSUBSCRIBE; whether they exist is never said.

    Raises:
        ControlError: If one is not text.
    """
    if not all(isinstance(name, str) for name in request.params):
        raise ControlError(2, "Invalid request: stream name must be a string", request.id)
    return list(request.params)


def property_value(request: Request) -> bool | None:
    """The value a SET_PROPERTY gives, or None for a GET_PROPERTY; `combined` is the only property.

    Raises:
        ControlError: If it is another property or another kind of value.
    """
    wanted = 2 if request.method == "SET_PROPERTY" else 1
    if not request.params or not isinstance(request.params[0], str):
        raise ControlError(2, "Invalid request: property name must be a string", request.id)
    if len(request.params) > wanted:
        raise ControlError(2, "Invalid request: too many parameters", request.id)
    if request.params[0] != "combined":
        raise ControlError(0, "Unknown property", request.id)
    if wanted == 1:
        return None
    if len(request.params) < wanted or not isinstance(request.params[1], bool):
        raise ControlError(1, "Invalid value type: expected Boolean", request.id)
    return request.params[1]


def _checked(request: dict[str, Any], size: int) -> Request:
    request_id, method, params = request.get("id"), request.get("method"), request.get("params", [])
    if not _is_id(request_id):
        raise ControlError(2, "Invalid request: request ID must be an unsigned integer")
    if method is None:
        raise ControlError(2, f"Invalid request: missing field `method` at line 1 column {size}", request_id)
    if method not in METHODS:
        known = ", ".join(f"`{name}`" for name in METHODS)
        text = f"Invalid request: unknown variant `{method}`, expected one of {known} at line 1 column {size}"
        raise ControlError(2, text, request_id)
    if not isinstance(params, list):
        raise ControlError(2, f"Invalid request: expected a sequence at line 1 column {size}", request_id)
    return Request(method, params, request_id)


def _is_id(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return 0 <= value < 2**63
    return value is None or (isinstance(value, str) and _TEXT_ID.fullmatch(value) is not None)
