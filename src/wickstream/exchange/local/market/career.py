"""When a symbol is listed, and when it trades: what exchangeInfo says of it over time."""

from dataclasses import dataclass

TRADING, HALT, BREAK, CANCEL_ONLY = "TRADING", "HALT", "BREAK", "CANCEL_ONLY"
SHOWN_AFTER_DELISTING_MS = 60_000  # as BREAK; then the symbol is gone


@dataclass(frozen=True)
class Halt:
    """A pause without a trade, in ms since the symbol's loop began."""

    start_ms: int
    end_ms: int
    status: str = HALT


@dataclass(frozen=True)
class Career:
    """Listing and delisting in ms since the market opened; halts come back with every loop, and lie within one."""

    listed_at_ms: int | None = None  # None: ever since
    delisted_at_ms: int | None = None  # None: never
    halts: tuple[Halt, ...] = ()

    def status(self, since_open_ms: int, since_loop_ms: int) -> str | None:
        """What exchangeInfo says; None: the symbol is not listed."""
        if self.listed_at_ms is not None and since_open_ms < self.listed_at_ms:
            return None
        if self.delisted_at_ms is not None and since_open_ms >= self.delisted_at_ms:
            return BREAK if since_open_ms < self.delisted_at_ms + SHOWN_AFTER_DELISTING_MS else None
        halts = (halt.status for halt in self.halts if halt.start_ms <= since_loop_ms < halt.end_ms)
        return next(halts, TRADING)


ALWAYS_LISTED = Career()
