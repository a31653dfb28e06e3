"""Gives a recorded frame other times and another id, and leaves every other byte as it was captured."""

import re

_STAMPS = re.compile(rb'"([ETt])":(\d+)')
_NUMBERS = re.compile(rb'"([A-Za-z])":(\d+)')
_TIMES = {"trade": b"ET", "aggTrade": b"ET", "ticker": b"EOC", "miniTicker": b"E"}
_KLINE_TIMES = b"EtT"
_MICROSECONDS_FROM = 100_000_000_000_000  # a time this large is in µs


def restamp(data: bytes, *, by_ms: int, by_ids: int) -> bytes:
    """Move event and trade time by `by_ms` and the trade id by `by_ids`."""

    def moved(stamp: re.Match[bytes]) -> bytes:
        key, value = stamp[1], int(stamp[2])
        if key == b"t":
            return b'"t":%d' % (value + by_ids)
        return b'"%b":%d' % (key, value + (by_ms * 1_000 if value >= _MICROSECONDS_FROM else by_ms))

    return _STAMPS.sub(moved, data)


def in_unit(data: bytes, *, kind: str, microseconds: bool) -> bytes:
    """Write the times of a frame of a stream of that kind in the unit a connection asked for."""
    times = _TIMES.get(kind, _KLINE_TIMES)

    def written(number: re.Match[bytes]) -> bytes:
        key, value = number[1], int(number[2])
        if key not in times or (value >= _MICROSECONDS_FROM) == microseconds:
            return number[0]
        return b'"%b":%d' % (key, value * 1_000 if microseconds else value // 1_000)

    return _NUMBERS.sub(written, data)
