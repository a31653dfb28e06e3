"""How far a page has heard, as the text it comes back with: `btcusdt@trade=123/!alerts=1723212202517:whale:…`. Pure."""

import re
from collections.abc import Iterable

import msgspec

from wickstream.serve.live import frames
from wickstream.serve.live.messages import Message
from wickstream.serve.live.names import ALERTS, TRADE, parse_stream

LONGEST = 8_000  # characters; what is longer is none of ours


class _AlertPlace(msgspec.Struct):
    at: int
    alert_id: str


_alert_place = msgspec.json.Decoder(_AlertPlace)
_id = re.compile(r"[0-9]{1,18}").fullmatch
_place = re.compile(r"[0-9]{1,15}:.{1,64}").fullmatch


class Cursor:
    """The newest trade id of each stream of trades, and the newest alert: of what does not conflate."""

    def __init__(self, text: str = "") -> None:
        self._at: dict[str, str] = {}
        for part in text.split("/") if len(text) <= LONGEST else ():
            stream, _, position = part.partition("=")
            if _place(position) if stream == ALERTS else _is_of_trades(stream) and _id(position):
                self._at[stream] = position

    def __str__(self) -> str:
        return "/".join(f"{stream}={position}" for stream, position in self._at.items())

    def last_id(self, stream: str) -> int | None:
        """Of the trades of a stream; None: nothing was heard."""
        return int(self._at[stream]) if stream in self._at and stream != ALERTS else None

    @property
    def last_alert(self) -> tuple[int, str] | None:
        """Its time (ms) and id; None: nothing was heard."""
        at, _, alert_id = self._at.get(ALERTS, "").partition(":")
        return (int(at), alert_id) if at else None

    def move(self, messages: Iterable[Message]) -> bool:
        """All of these are heard; tells whether it says something else now."""
        before = dict(self._at)
        for message in messages:
            if message.stream == ALERTS:
                alert = _alert_place.decode(message.data)
                self._at[ALERTS] = f"{alert.at}:{alert.alert_id}"
            elif _is_of_trades(message.stream):
                self._at[message.stream] = str(frames.trade_id.decode(message.data).t)
        return self._at != before

    def has_heard(self, message: Message) -> bool:
        """A trade that lies before it."""
        last_id = self.last_id(message.stream)
        return last_id is not None and frames.trade_id.decode(message.data).t <= last_id


def _is_of_trades(stream: str) -> bool:
    name = parse_stream(stream)
    return name is not None and name.kind == TRADE
