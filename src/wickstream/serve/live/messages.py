"""What is pushed: one message, and the bytes it is on each kind of wire, made once for all who listen. Pure."""

from collections.abc import Callable

from websockets.frames import Frame, Opcode


class Message:
    """One frame of a stream.

    Attributes:
        data: JSON, as a raw stream carries it.
        conflates: a newer one of the stream takes its place with who has not taken it yet.
        is_state: who comes later begins with the newest of these.
    """

    __slots__ = ("_wires", "conflates", "data", "is_state", "stream")

    def __init__(self, stream: str, data: bytes, *, conflates: bool = False, is_state: bool = False) -> None:
        self.stream = stream
        self.data = data
        self.conflates = conflates
        self.is_state = is_state
        self._wires: dict[Shape, bytes] = {}

    def on(self, shape: "Shape") -> bytes:
        """Its bytes on that wire."""
        wire = self._wires.get(shape)
        if wire is None:
            wire = self._wires[shape] = shape(self)
        return wire


Shape = Callable[[Message], bytes]


def enveloped(message: Message) -> bytes:
    """With the name of its stream, as combined streams have it."""
    return b'{"stream":"%b","data":%b}' % (message.stream.encode(), message.data)


def text_frame(data: bytes) -> bytes:
    """As a server writes it: whole and unmasked."""
    return Frame(Opcode.TEXT, data).serialize(mask=False)


def raw(message: Message) -> bytes:
    """A WebSocket frame of the data alone."""
    return text_frame(message.data)


def combined(message: Message) -> bytes:
    """A WebSocket frame with the name of the stream."""
    return text_frame(enveloped(message))


def server_sent(message: Message) -> bytes:
    """A server-sent event with the name of the stream; JSON of ours has no line breaks."""
    return b"data: %b\n\n" % enveloped(message)
