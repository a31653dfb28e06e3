"""The processes and servers, with the ports of a stack at the default base, and what goes from one to the next."""

from deploy.pictures.drawing import Box, arrow, picture, text
from deploy.pictures.flow import PORT_BASE, WRITES, port_of
from wickstream.bus.topics import TOPICS

WIDTH, HEIGHT = 1_255, 350
TITLE = "The way of the data: exchange, connector, Kafka, Spark, Kafka, three tiers, API"

ARROWS = (
    ("connect", "bus in"),
    ("bus in", "stream"),
    ("stream", "bus out"),
    ("bus out", "write"),
    ("tickers", "redis"),
    ("write", "redis"),
    ("write", "postgres"),
    ("write", "lake"),
    ("redis", "serve"),
    ("postgres", "serve"),
    ("lake", "serve"),
)


def _topics(*, of: str) -> tuple[str, ...]:
    """Those it writes, in the order of the code."""
    return tuple(topic.name for topic in TOPICS if topic.name in WRITES[of])


def _process(x: int, y: int, width: int, name: str, *lines: str) -> Box:
    return Box(x, y, width, f"{name} {port_of(name)}".strip(), lines)


def _server(x: int, y: int, name: str, of: str, *lines: str) -> Box:
    return Box(x, y, 160, f"{name} {port_of(of)}".strip(), lines, kind="server")


def boxes() -> dict[str, Box]:
    """Where each is, and what it says; columns follow the data."""
    return {
        "exchange": Box(20, 60, 155, "Binance", ("WebSocket and REST,", f"or the local one {port_of('exchange')}")),
        "connect": _process(20, 155, 155, "connect", "every id once and", "in order; marks"),
        "bus in": _server(215, 85, "Kafka", "kafka", *_topics(of="connect")),
        "stream": _process(412, 125, 140, "stream", "Spark: candles", "closed by proof,", "and alerts"),
        "bus out": _server(575, 130, "Kafka", "kafka", *_topics(of="stream")),
        "tickers": _process(765, 50, 130, "tickers", "the live lane"),
        "write": _process(765, 130, 130, "write", "each tier alone;", "the ledger"),
        "sinks": Box(765, 240, 130, "sinks", ("Slack, webhook …",)),
        "redis": _server(935, 50, "Redis", "redis", "hot: now, the hour"),
        "postgres": _server(935, 137, "PostgreSQL", "postgres", "warm: 90 days"),
        "lake": _server(935, 224, "Delta, S3", "", "cold: for ever"),
        "serve": _process(1_125, 137, 110, "serve", "API, push"),
        "repair": _process(435, 255, 165, "repair", "missing ids; minutes", "computed again"),
        "backfill": _process(610, 255, 135, "backfill", "daily files,", "klines"),
    }


def draw() -> str:
    """The picture."""
    at = boxes()
    lines = [_sideways(at[start], at[end]) for start, end in ARROWS]
    lines += [_down(95, at["exchange"], at["connect"]), _down(830, at["write"], at["sinks"])]
    lines.append(arrow(at["bus in"].x + at["bus in"].width, 100, at["tickers"].x, 70))  # over the stream
    lines += [arrow(x, at[name].y, x, _end(at["bus out"])) for x, name in ((590, "repair"), (680, "backfill"))]
    notes = [
        text(20, 28, "wickstream"),
        text(120, 28, f"grey: a process, with its port; blue: a server; ports from the base {PORT_BASE} on", "small"),
    ]
    return picture(WIDTH, HEIGHT, TITLE, [*lines, *(box.draw() for box in at.values()), *notes])


def _end(box: Box) -> int:
    return box.y + box.height


def _sideways(start: Box, end: Box) -> str:
    return arrow(start.x + start.width, start.y + start.height // 2, end.x, end.y + end.height // 2)


def _down(x: int, start: Box, end: Box) -> str:
    return arrow(x, _end(start), x, end.y)
