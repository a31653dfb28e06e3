"""Boxes, arrows and text as SVG, in colours for light and dark."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

_STYLE = """
  svg { --ground: #fff; --surface: #f6f7f9; --line: #b7bfc9; --text: #16191d; --quiet: #5b6470; --accent: #2457d6; }
  @media (prefers-color-scheme: dark) { svg {
    --ground: #0e1116; --surface: #1b222b; --line: #4a5563; --text: #e7eaee; --quiet: #a5afbb; --accent: #8fb0ff;
  } }
  text { font: 14px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--text); }
  .small { font-size: 12px; fill: var(--quiet); }
  .name { font-weight: 600; }
  .middle { text-anchor: middle; }
  .ground { fill: var(--ground); }
  .box { fill: var(--surface); stroke: var(--line); }
  .server { fill: var(--ground); stroke: var(--accent); stroke-width: 1.5; }
  .line { stroke: var(--line); }
  .ring { fill: none; stroke: var(--quiet); stroke-width: 1.4; }
  .arrow { fill: none; stroke: var(--quiet); stroke-width: 1.4; marker-end: url(#head); }
  .head, .dot { fill: var(--quiet); }
  .writes { fill: var(--accent); }
"""
_HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>'
)
_LINE = 17


@dataclass(frozen=True)
class Box:
    """A name, and lines below it."""

    x: int
    y: int
    width: int
    name: str
    lines: tuple[str, ...] = ()
    kind: str = "box"  # or server

    @property
    def height(self) -> int:
        return 30 + _LINE * len(self.lines)

    def draw(self) -> str:
        """The rectangle and its text."""
        parts = [rect(self.x, self.y, self.width, self.height, self.kind), text(self.x + 10, self.y + 20, self.name)]
        parts += [
            text(self.x + 10, self.y + 20 + _LINE * number, line, "small") for number, line in enumerate(self.lines, 1)
        ]
        return "\n".join(parts)


def arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    """From one point to another, level at both ends where it goes sideways."""
    middle = (x1 + x2) // 2
    bend = f"C{middle} {y1} {middle} {y2} {x2} {y2}" if x1 != x2 else f"V{y2}"
    return f'<path class="arrow" d="M{x1} {y1} {bend}"/>'


def rect(x: int, y: int, width: int, height: int, kind: str) -> str:
    """With round corners."""
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'


def text(x: int, y: int, words: str, kind: str = "name") -> str:
    """One line."""
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(words)}</text>'


def picture(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """The whole file; `title` is what a screen reader says."""
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">'
    ground = f'<rect class="ground" width="{width}" height="{height}"/>'
    return "\n".join(
        [opening, f"<title>{escape(title)}</title>", f"<style>{_STYLE}</style>", _HEAD, ground, *parts, "</svg>\n"]
    )
