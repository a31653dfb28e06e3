"""Seconds away, by process: a mark for each kill, a bar for the median, a line for the goal. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from xml.sax.saxutils import escape

WIDTH, LEFT, ROW, TOP = 760, 110, 34, 34
TITLE = "Seconds from kill -9 until the process did its work again; bar: median, red: goal"
STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120)


def chart(recoveries: Mapping[str, Sequence[float]], goals_s: Mapping[str, float]) -> str:
    """An SVG; it reads on white and on black."""
    longest = max((max(times) for times in recoveries.values()), default=1.0)
    most_s = next((step for step in STEPS_S if step >= longest), longest)
    height = TOP + ROW * len(recoveries) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="16">{TITLE}</text>',
        *_grid(most_s, height),
    ]
    for number, (name, times) in enumerate(recoveries.items()):
        parts += _row(name, times, goals_s.get(name), y=TOP + ROW * number, most_s=most_s)
    return "\n".join([*parts, "</svg>", ""])


def _grid(most_s: float, height: int) -> Iterator[str]:
    for number in range(6):
        x, seconds = _x(most_s * number / 5, most_s), most_s * number / 5
        yield f'<line x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{height - 22}" stroke="#ddd"/>'
        yield f'<text x="{x}" y="{height - 8}" text-anchor="middle" fill="#666">{seconds:g}</text>'


def _row(name: str, times: Sequence[float], goal_s: float | None, *, y: int, most_s: float) -> Iterator[str]:
    middle, away = y + ROW // 2 - 4, _x(median(times), most_s)
    yield f'<text x="{LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect x="{LEFT}" y="{middle - 8}" width="{away - LEFT:.1f}" height="16" fill="#cfe3f7"/>'
    for seconds in times:
        yield f'<circle cx="{_x(seconds, most_s)}" cy="{middle}" r="3" fill="#1f5f99" fill-opacity="0.6"/>'
    if goal_s is not None and goal_s <= most_s:
        x = _x(goal_s, most_s)
        yield f'<line x1="{x}" y1="{middle - 11}" x2="{x}" y2="{middle + 11}" stroke="#c22" stroke-width="2"/>'


def _x(seconds: float, most_s: float) -> float:
    return round(LEFT + (WIDTH - LEFT - 20) * seconds / most_s, 1)
