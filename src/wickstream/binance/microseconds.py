"""REST answers in microseconds, for who sends `X-MBX-TIME-UNIT: MICROSECOND`."""

_TIMES = frozenset({"time", "T", "openTime", "closeTime", "serverTime"})
_KLINE_SIZE = 12
_OPEN_TIME, _CLOSE_TIME = 0, 6


def in_microseconds(answer: object) -> object:
    """The same answer, its times moved to the finer unit; a kline closes one µs before the next opens."""
    if isinstance(answer, dict):
        return {name: value * 1_000 if name in _TIMES else value for name, value in answer.items()}
    if isinstance(answer, list):
        return [_kline(row) if isinstance(row, list) else in_microseconds(row) for row in answer]
    return answer


def _kline(row: list[object]) -> list[object]:
    opened, closed = row[_OPEN_TIME], row[_CLOSE_TIME]
    if len(row) != _KLINE_SIZE or not isinstance(opened, int) or not isinstance(closed, int):
        return row
    return [opened * 1_000, *row[1:_CLOSE_TIME], closed * 1_000 + 999, *row[_CLOSE_TIME + 1 :]]
