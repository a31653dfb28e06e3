"""The topics, and who writes and reads each: a line a topic, a column a process."""

from deploy.pictures.drawing import picture, text
from deploy.pictures.flow import PROCESSES, READS, WRITES
from wickstream.bus.topics import TOPICS, Topic

WIDTH = 960
_LEFT, _TOP, _ROW, _COLUMN = 330, 70, 34, 76

TITLE = "The topics of Kafka, and which process writes and reads each"


def draw() -> str:
    """The picture."""
    parts = [text(20, 30, "topic"), text(150, 30, "partitions, kept", "small")]
    parts += [text(_x(number), 30, name, "name middle") for number, name in enumerate(PROCESSES)]
    for row, topic in enumerate(TOPICS):
        parts += _row(topic, _TOP + _ROW * row)
    bottom = _TOP + _ROW * len(TOPICS)
    parts += [_dot(30, bottom + 6, "dot writes"), text(46, bottom + 11, "writes", "small")]
    parts += [_ring(120, bottom + 6), text(136, bottom + 11, "reads", "small")]
    return picture(WIDTH, bottom + 34, TITLE, parts)


def _row(topic: Topic, y: int) -> list[str]:
    line = f'<path class="line" d="M20 {y - 22}H{WIDTH - 20}"/>'
    parts = [line, text(20, y, topic.name), text(150, y, f"{topic.partitions}, {_kept(topic)}", "small")]
    for number, process in enumerate(PROCESSES):
        if topic.name in WRITES.get(process, ()):
            parts.append(_dot(_x(number) - 9, y - 5, "dot writes"))
        if topic.name in READS.get(process, ()):
            parts.append(_ring(_x(number) + 9, y - 5))
    return parts


def _kept(topic: Topic) -> str:
    if topic.retention_days is None:
        return "the newest of each key"
    days = f"{topic.retention_days} day{'s' if topic.retention_days > 1 else ''}"
    return days if topic.retention_bytes < 0 else f"{days} or {topic.retention_bytes >> 30} GB"


def _x(number: int) -> int:
    return _LEFT + 40 + _COLUMN * number


def _dot(x: int, y: int, kind: str) -> str:
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="6"/>'


def _ring(x: int, y: int) -> str:
    return f'<circle class="ring" cx="{x}" cy="{y}" r="5"/>'
