"""What happens to a symbol on the exchange itself: pauses, listings, and ids that are never given."""

from typing import ClassVar, Literal

from wickstream.exchange.local.faults.frame_faults import Count, Fault


class SymbolFault(Fault, frozen=True, kw_only=True):
    """Changes what is traded from now on, for sockets, REST and the oracle alike."""

    symbol: str


class Status(SymbolFault, frozen=True, kw_only=True):
    """A pause: no trade happens; in a BREAK no market data is sent either. Ids go on where they stood."""

    status: Literal["HALT", "BREAK", "CANCEL_ONLY"]


class Unlisted(SymbolFault, frozen=True, kw_only=True):
    """Not listed while this is on; when it ends, a new listing without a past."""


class SkipIds(SymbolFault, frozen=True, kw_only=True):
    """The next `ids` ids are never given to a trade: absent everywhere, and in no figure."""

    is_momentary: ClassVar[bool] = True

    ids: Count
