"""How alive a symbol is, by what was heard of it and by what the exchange says. Pure."""

from enum import StrEnum

from wickstream.events import MINUTE_MS

SILENT_AFTER_MS = 3_000  # the exchange sends each symbol's ticker once a second, traded or not
QUIET_AFTER_MS = MINUTE_MS
TRADING = frozenset({"TRADING", "listed"})  # `listed`: trading, and it was seen to appear


class Pulse(StrEnum):
    """What there is to worry about, if anything."""

    OK = "ok"
    QUIET = "quiet"  # tickers come, and nothing was traded for a while
    SILENT = "silent"  # nothing comes, though it should
    HALTED = "halted"  # the exchange says that it is not traded


def pulse_of(*, word: str | None, heard_at_ms: int | None, traded_at_ms: int | None, now_ms: int | None) -> Pulse:
    """One symbol's, by the exchange's clock (ms).

    Args:
        word: the exchange's newest word on it, as in `symbol_events`; None: not known.
        heard_at_ms: its newest ticker or trade; None: nothing was heard of it.
        traded_at_ms: its newest trade; None: none was heard of.
        now_ms: the exchange's now; None: nothing was heard of any symbol.
    """
    if word is not None and word not in TRADING:
        return Pulse.HALTED
    if now_ms is None or heard_at_ms is None or now_ms - heard_at_ms > SILENT_AFTER_MS:
        return Pulse.SILENT
    if traded_at_ms is None or now_ms - traded_at_ms > QUIET_AFTER_MS:
        return Pulse.QUIET
    return Pulse.OK
