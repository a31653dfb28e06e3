"""Where symbols are paused, listed anew, and their ids skipped, at the exchange's now."""

from wickstream.exchange.local.faults.faults import FaultError
from wickstream.exchange.local.faults.numbering import Numbering
from wickstream.exchange.local.faults.symbol_faults import SkipIds, Status, SymbolFault, Unlisted
from wickstream.exchange.local.market.history import History, Pause
from wickstream.exchange.local.market.world import World
from wickstream.exchange.local.played_clock import PlayedClock

_EVER_MS = -(2**62)


class SymbolDesk:
    """Changes histories; what has happened stays."""

    def __init__(self, world: World, clock: PlayedClock) -> None:
        self.changed: dict[int, Numbering] = {}  # by the number of the symbol: frames are to be numbered anew
        self._histories = world.histories
        self._places = {symbol: at for at, symbol in enumerate(world.histories)}
        self._clock = clock

    def check(self, fault: SymbolFault) -> None:
        """See that it is possible.

        Raises:
            FaultError: If the symbol is not played.
        """
        if fault.symbol not in self._histories:
            raise FaultError(f"{fault.symbol} is not played: {', '.join(list(self._histories)[:10])}")

    def begin(self, fault: SymbolFault) -> None:
        """Start it now."""
        history, now_ms = self._changing(fault.symbol), self._clock.read_ms()
        following = history.planned_id(history.until(now_ms))
        match fault:
            case SkipIds(ids=count):
                history.numbering.skip(following, count)
            case Status(status=status):
                history.numbering.pause(following)
                history.pauses.append(Pause(now_ms + 1, None, status))
            case Unlisted():
                history.numbering.pause(following)
                history.pauses.append(Pause(_EVER_MS, None, None))

    def end(self, fault: SymbolFault) -> None:
        """Trade again from now on."""
        if isinstance(fault, SkipIds):
            return
        history, now_ms = self._changing(fault.symbol), self._clock.read_ms()
        following = history.planned_id(history.until(now_ms))
        if history.pauses and history.pauses[-1].end_ms is None:
            history.pauses[-1] = history.pauses[-1]._replace(end_ms=now_ms + 1)
        if isinstance(fault, Unlisted):
            history.numbering.begin(following)
        else:
            history.numbering.resume(following)

    def _changing(self, symbol: str) -> History:
        history = self._histories[symbol]
        self.changed[self._places[symbol]] = history.numbering
        return history
