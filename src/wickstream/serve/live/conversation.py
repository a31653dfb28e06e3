"""What a client says on its connection, and what it is answered: SUBSCRIBE and its kin, and how often. No I/O."""

from collections import deque
from collections.abc import Callable

from wickstream.binance.control import ControlError, Request, answer, parse_request, property_value, stream_names
from wickstream.serve.live.rules import Rules


class Conversation:
    """The state of one connection: its streams in the order they were subscribed to, and their shape.

    `on_change` is called after either has changed.
    """

    def __init__(
        self, streams: list[str], rules: Rules, on_change: Callable[["Conversation"], None], *, is_combined: bool
    ) -> None:
        self.streams = dict.fromkeys(streams)
        self.is_combined = is_combined
        self._rules = rules
        self._on_change = on_change

    def hear(self, message: bytes) -> bytes:
        """The answer, JSON."""
        try:
            request = parse_request(message)
            return answer(request.id, self._do(request))
        except ControlError as error:
            return error.answer()

    def _do(self, request: Request) -> object:
        """Do what is asked; the result of the answer."""
        match request.method:
            case "SUBSCRIBE":
                self._change({**self.streams, **dict.fromkeys(stream_names(request))}, request)
            case "UNSUBSCRIBE":
                gone = set(stream_names(request))
                self._change({name: None for name in self.streams if name not in gone}, request)
            case "LIST_SUBSCRIPTIONS":
                return list(self.streams)
            case "GET_PROPERTY":
                property_value(request)
                return self.is_combined
            case "SET_PROPERTY":
                self.is_combined = bool(property_value(request))
                self._on_change(self)
        return None

    def _change(self, streams: dict[str, None], request: Request) -> None:
        if len(streams) > self._rules.streams:
            raise ControlError(4, "Too many subscriptions", request.id)
        if streams != self.streams:
            self.streams = streams
            self._on_change(self)


class Flood:
    """Whether messages come faster than so many a second."""

    def __init__(self, per_second: int) -> None:
        self._heard: deque[float] = deque(maxlen=per_second)

    def is_flooded_by_one(self, now_s: float) -> bool:
        """Count one that comes now, and tell whether it is one too many."""
        is_full = len(self._heard) == self._heard.maxlen
        is_flooding = is_full and now_s - self._heard[0] < 1.0
        self._heard.append(now_s)
        return is_flooding
