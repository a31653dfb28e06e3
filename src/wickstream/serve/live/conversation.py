"""What a client says on its connection, and what it is answered: SUBSCRIBE and its kin. No I/O."""

from collections.abc import Callable

from wickstream.binance.control import ControlError, Request, answered, property_value, stream_names
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
        return answered(message, self._do)

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
