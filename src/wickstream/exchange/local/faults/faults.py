"""Everything that can be made to go wrong, and when: read from a script or from HTTP, and written back."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from wickstream.exchange.local.faults.answer_faults import (
    ArchiveFlaw,
    Refuse,
    RestError,
    RestLag,
    RestLimit,
    RestReset,
    RestSlow,
)
from wickstream.exchange.local.faults.frame_faults import (
    BadJson,
    Delay,
    Drop,
    Duplicate,
    Fault,
    Oversize,
    Seconds,
    Shuffle,
    Stall,
    WrongTime,
    WrongTypes,
)
from wickstream.exchange.local.faults.line_faults import Close, HalfOpen, ServerShutdown
from wickstream.exchange.local.faults.symbol_faults import SkipIds, Status, Unlisted

_FRAMES = Stall | Drop | Duplicate | Shuffle | Delay | BadJson | WrongTypes | Oversize | WrongTime
_LINES = Close | HalfOpen | ServerShutdown | Refuse
_ANSWERS = RestError | RestSlow | RestReset | RestLag | RestLimit | ArchiveFlaw
AnyFault = _FRAMES | _LINES | _ANSWERS | Status | Unlisted | SkipIds


class Timing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a fault is on; without any of it: from now until it is removed.

    Attributes:
        after_s: real seconds from now, or from the start of the exchange in a script.
        played_s: the same on the exchange's clock.
        at_ms: a moment of the exchange's clock.
        for_s: how long, on the clock of the beginning; None: until it is removed.
        every_s: begins again at this distance.
        times: how often in all.
    """

    after_s: Annotated[float, Meta(ge=0)] | None = None
    played_s: Annotated[float, Meta(ge=0)] | None = None
    at_ms: Annotated[int, Meta(ge=0)] | None = None
    for_s: Seconds | None = None
    every_s: Seconds | None = None
    times: Annotated[int, Meta(ge=1)] | None = None

    def __post_init__(self) -> None:
        if [self.after_s, self.played_s, self.at_ms].count(None) < 2:
            raise ValueError("Expected one of `after_s`, `played_s` and `at_ms`")
        if self.times is not None and self.every_s is None:
            raise ValueError("Expected `every_s` beside `times`")
        if self.every_s is not None and self.for_s is not None and self.for_s >= self.every_s:
            raise ValueError("Expected `for_s` below `every_s`")


class FaultError(ValueError):
    """What was asked for is no fault; `str()` names the field."""


def read_entry(entry: object) -> tuple[Fault, Timing]:
    """A fault and its time out of one object, such as `{"fault": "drop", "share": 0.1, "after_s": 5, "for_s": 2}`.

    Raises:
        FaultError: If a name is unknown, a field is missing, or a value out of range.
    """
    if not isinstance(entry, dict):
        raise FaultError("a fault is an object with the field `fault`")
    times = set(Timing.__struct_fields__)
    try:
        timing = msgspec.convert({name: entry[name] for name in entry if name in times}, Timing)
        fault = msgspec.convert({name: entry[name] for name in entry if name not in times}, AnyFault)
    except msgspec.ValidationError as exc:
        raise FaultError(_in_words(entry, exc)) from exc
    return fault, timing


def write_entry(fault: Fault, timing: Timing) -> dict[str, Any]:
    """The object it was read from, with all fields."""
    times = {name: value for name, value in msgspec.structs.asdict(timing).items() if value is not None}
    fields: dict[str, Any] = msgspec.to_builtins(fault)
    return fields | times


def _in_words(entry: dict[str, Any], error: msgspec.ValidationError) -> str:
    what, _, where = str(error).partition(" - at `$.")
    name = entry.get("fault", "no name")
    return f"{name}: {what}" + (f" in `{where.rstrip('`')}`" if where else "")
