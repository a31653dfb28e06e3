"""The hot hour of a symbol: its rows, the run that is called whole, and the versions by which it takes others. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from wickstream.candle import Candle
from wickstream.events import MINUTE_MS
from wickstream.operate.validation.evidence import Fault
from wickstream.rendering import rendered
from wickstream.store.hot.hour import BETWEEN, version_text
from wickstream.store.hot.values import HotValues

_HEAD = re.compile(rb"(\d{1,16}) (\d{1,16})")
_decoder = msgspec.json.Decoder(Candle)


def hot_faults(
    symbol: str, values: HotValues, warm: Mapping[int, Candle], *, times: tuple[int, int], settled_ms: int
) -> Iterator[Fault]:
    """What is wrong with what Redis holds of one symbol.

    `warm`: its closed candles in this time (open times, both inclusive) by open time; what was published at
    `settled_ms` or later may not have come there yet.
    """
    closed: dict[int, Candle] = {}
    opened: dict[int, Candle] = {}
    head, *rows = values.closed.split(BETWEEN) if values.closed else (b"",)
    for place, held in ((closed, rows), (opened, values.opened.split(BETWEEN) if values.opened else [])):
        for row in held:
            candle, fault = _read(symbol, row, is_closed=place is closed)
            if fault or candle is None:
                yield fault or Fault(symbol, None, "a row that is none")
            else:
                place[candle.open_time] = candle
    if values.closed and (fault := _head_fault(symbol, head, sorted(closed))):
        yield fault
    yield from _version_faults(symbol, values.versions, closed | opened)
    for at, candle in sorted(closed.items()):
        stored = warm.get(at)
        is_settled = max(candle.published_at, stored.published_at if stored else 0) < settled_ms
        if times[0] <= at <= times[1] and is_settled and candle != stored:
            yield Fault(symbol, at, _differing(candle, stored))


def oldest(values: HotValues) -> int:
    """Open time of the oldest row that can be read; 0: there is none."""
    times = (re.search(rb'"open_time":(\d{1,16})', row) for row in (values.closed or b"").split(BETWEEN))
    return min((int(time[1]) for time in times if time), default=0)


def judged(values: HotValues) -> int:
    """How many closed rows there are."""
    return values.closed.count(BETWEEN) if values.closed else 0


def _read(symbol: str, row: bytes, *, is_closed: bool) -> tuple[Candle | None, Fault | None]:
    try:
        candle = _decoder.decode(row)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        return None, Fault(symbol, None, f"a row in hot that cannot be read: {exc}")
    if candle.symbol != symbol or candle.closed is not is_closed or rendered(candle) != row:
        return None, Fault(symbol, candle.open_time, "is not in hot as a candle is written there")
    return candle, None


def _head_fault(symbol: str, head: bytes, times: Sequence[int]) -> Fault | None:
    told = _HEAD.fullmatch(head)
    if told is None or not times:
        return Fault(symbol, None, "hot does not say which run of minutes is whole")
    first = newest = times[-1]
    held = set(times)
    while first - MINUTE_MS in held:
        first -= MINUTE_MS
    if (int(told[1]), int(told[2])) == (first, newest):
        return None
    return Fault(
        symbol, newest, f"hot calls {told[1].decode()} to {told[2].decode()} whole, and {first} to {newest} is"
    )


def _version_faults(symbol: str, versions: Mapping[bytes, bytes], rows: Mapping[int, Candle]) -> Iterator[Fault]:
    expected = {str(at).encode(): version_text(candle).encode() for at, candle in rows.items()}
    for name in sorted(versions.keys() | expected.keys()):
        if versions.get(name) != expected.get(name):
            at = int(name) if name.isdigit() and len(name) < 17 else None
            yield Fault(symbol, at, "its version in hot is not that of its row")


def _differing(hot: Candle, warm: Candle | None) -> str:
    if warm is None:
        return "is not in warm"
    names = (name for name in Candle.__struct_fields__ if getattr(hot, name) != getattr(warm, name))
    return "; ".join(f"{name} {getattr(hot, name)} in hot, {getattr(warm, name)} in warm" for name in names)
