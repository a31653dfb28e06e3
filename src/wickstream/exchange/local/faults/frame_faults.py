"""Faults of frames: what is lost, late, doubled or spoilt on the way to a listener. Each decides, and keeps nothing."""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from random import Random
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(gt=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
Who = Literal["all", "open", "oldest", "newest"]

_MICROSECONDS_FROM = 100_000_000_000_000  # a time this large is in µs
_STAMP = re.compile(rb'"([ET])":(\d+)')


class Frame(NamedTuple):
    """One frame without its envelope, how long it is held back, and whether it is unusable already."""

    stream: str
    data: bytes
    held_s: float = 0.0
    is_spoilt: bool = False


def snake_case(name: str) -> str:
    """The word a fault is called by: `HalfOpen` is `half_open`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Fault(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="fault", tag=snake_case
):  # fmt: skip
    """Something that goes wrong, with its arguments; a momentary one is over as it begins."""

    is_momentary: ClassVar[bool] = False


class FrameFault(Fault, frozen=True, kw_only=True):
    """A fault of some frames.

    Attributes:
        streams: names with `*`, as in `btcusdt@*`.
        connections: all (also those to come), or those open when it begins, or the oldest or newest of them.
        share: of these frames.
        at_most: so many frames, then no more.
    """

    holds_back: ClassVar[bool] = False

    streams: tuple[str, ...] = ("*",)
    connections: Who = "all"
    share: Share = 1.0
    at_most: Count | None = None

    def is_meant(self, frame: Frame) -> bool:
        """Tell whether it is a fault of this frame."""
        return _matches(self.streams, frame.stream)

    def change(self, frame: Frame, random: Random) -> tuple[Frame, ...]:
        """What becomes of a frame that it hits."""
        raise NotImplementedError


class Stall(FrameFault, frozen=True, kw_only=True):
    """Streams fall silent; pings go on."""

    def change(self, frame: Frame, random: Random) -> tuple[Frame, ...]:
        return ()


class Drop(FrameFault, frozen=True, kw_only=True):
    """Frames are lost; with `at_most` a hole of so many ids that REST can fill."""

    def change(self, frame: Frame, random: Random) -> tuple[Frame, ...]:
        return ()


class Duplicate(FrameFault, frozen=True, kw_only=True):
    """Frames come again, `copies` times, up to `within_ms` later."""

    copies: Count = 1
    within_ms: Annotated[float, Meta(ge=0)] = 0.0

    def change(self, frame: Frame, random: Random) -> tuple[Frame, ...]:
        return (frame, *(_held(frame, random.random() * self.within_ms / 1_000) for _ in range(self.copies)))


class Shuffle(FrameFault, frozen=True, kw_only=True):
    """Frames are overtaken: each is held back for up to `within_ms`."""

    holds_back: ClassVar[bool] = True

    within_ms: Seconds

    def change(self, frame: Frame, random: Random) -> tuple[Frame, ...]:
        return (_held(frame, random.random() * self.within_ms / 1_000),)


class Delay(FrameFault, frozen=True, kw_only=True):
    """Frames come `by_s` late, in order; when the fault ends, what is held back comes at once."""

    holds_back: ClassVar[bool] = True

    by_s: Seconds

    def change(self, frame: Frame, random: Random) -> tuple[Frame, ...]:
        return (_held(frame, self.by_s),)


class Poison(FrameFault, frozen=True, kw_only=True):
    """A frame nobody can use, in place of the good one, or right after it."""

    in_place: bool = True

    def is_meant(self, frame: Frame) -> bool:
        return not frame.is_spoilt and super().is_meant(frame)

    def change(self, frame: Frame, random: Random) -> tuple[Frame, ...]:
        spoilt = frame._replace(data=self.spoilt(frame.data, random), is_spoilt=True)
        return (spoilt,) if self.in_place else (frame, spoilt)

    def spoilt(self, data: bytes, random: Random) -> bytes:
        """The frame's unusable form."""
        raise NotImplementedError


class BadJson(Poison, frozen=True, kw_only=True):
    """No JSON, cut JSON, or JSON that is no event."""

    def spoilt(self, data: bytes, random: Random) -> bytes:
        return random.choice(_BROKEN)(data, random)


class WrongTypes(Poison, frozen=True, kw_only=True):
    """One field is missing, or of a type or value it never has."""

    def spoilt(self, data: bytes, random: Random) -> bytes:
        event: dict[str, Any] = msgspec.json.decode(data)
        name = random.choice([name for name in _WRONG if name in event])
        value = random.choice(_WRONG[name])
        rest = {key: event[key] for key in event if key != name}
        return msgspec.json.encode(rest if value is None else event | {name: value})


class Oversize(Poison, frozen=True, kw_only=True):
    """Frames of so many bytes."""

    size_bytes: Annotated[int, Meta(ge=1_000, le=64_000_000)] = 1_048_576

    def spoilt(self, data: bytes, random: Random) -> bytes:
        padding = b"x" * (self.size_bytes - len(data) - len(b',"pad":""'))
        return b'%b,"pad":"%b"}' % (data[:-1], padding)


class WrongTime(Poison, frozen=True, kw_only=True):
    """Times that cannot be, on the socket only: moved `by_s`, or set `to_ms`.

    Attributes:
        fields: T, the trade's time; E, the event's; ET, both.
    """

    by_s: float | None = None
    to_ms: Annotated[int, Meta(ge=0)] | None = None
    fields: Literal["T", "E", "ET"] = "T"

    def __post_init__(self) -> None:
        if (self.by_s is None) == (self.to_ms is None):
            raise ValueError("Expected either `by_s` or `to_ms`")

    def spoilt(self, data: bytes, random: Random) -> bytes:
        return _STAMP.sub(self._written, data)

    def _written(self, stamp: re.Match[bytes]) -> bytes:
        if stamp[1].decode() not in self.fields:
            return stamp[0]
        value = int(stamp[2])
        unit = 1_000 if value >= _MICROSECONDS_FROM else 1
        moved = value + int((self.by_s or 0) * 1_000) * unit if self.to_ms is None else self.to_ms * unit
        return b'"%b":%d' % (stamp[1], moved)


_BROKEN: tuple[Callable[[bytes, Random], bytes], ...] = (
    lambda data, random: data[: random.randrange(1, len(data))],
    lambda data, _: data + b"}",
    lambda data, _: data.replace(b":", b" ", 1),
    lambda data, _: data.replace(b'"', b"'"),
    lambda *_: b"",
    lambda *_: b"null",
    lambda *_: b"[]",
    lambda *_: b"{}",
    lambda *_: b"NaN",
    lambda *_: b"<html><body>502 Bad Gateway</body></html>",
    lambda *_: b"[" * 2_000,
)
_WRONG: dict[str, tuple[Any, ...]] = {  # None: the field is missing
    "e": (None, 7, "nonsense"),
    "s": (None, 7, ["BTCUSDT"]),
    "t": (None, "12", -1, 1.5, 2**63),
    "p": (None, 61_837.63, "", "NaN", "-1.0", "1e5", "Infinity"),
    "q": (None, 0.5, "", "NaN", "-1.0", "1,5"),
    "T": (None, "1723161255342", -1, 0.5, 2**63),
    "m": (None, "true", 1),
}


def _held(frame: Frame, more_s: float) -> Frame:
    return frame._replace(held_s=frame.held_s + more_s)


@lru_cache(maxsize=8_192)
def _matches(patterns: tuple[str, ...], stream: str) -> bool:
    return any(fnmatchcase(stream, pattern) for pattern in patterns)
