"""What waits for somebody: in order, and of a stream that conflates only the newest. Pure."""

from wickstream.serve.live.messages import Message


class Outbox:
    """Messages that are not taken yet."""

    def __init__(self) -> None:
        self._waiting: dict[object, Message] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def size_bytes(self) -> int:
        """Of the data that waits."""
        return self._size

    def add(self, message: Message) -> None:
        """Put it last; of a stream that conflates, in the place of what waits."""
        key: object = message.stream if message.conflates else message
        older = self._waiting.pop(key, None)
        self._waiting[key] = message
        self._size += len(message.data) - (len(older.data) if older else 0)

    def take(self) -> list[Message]:
        """All of it, in order; nothing waits any more."""
        taken = list(self._waiting.values())
        self._waiting.clear()
        self._size = 0
        return taken
