"""What the front may do wrong."""

from collections.abc import Sequence
from typing import Any

from wickstream.serve.front import visitors
from wickstream.serve.front.windows import Window


def limiter_fails_open() -> None:
    """Without the common count there is no limit."""
    Window.spend_alone = lambda self, cost: True  # type: ignore[method-assign]


def leftmost_forwarded() -> None:
    """Whatever a client says is believed."""
    address = vars(visitors)["_address"]

    def farthest(near: Any, hops: Sequence[str], trusted: Sequence[Any]) -> Any:
        return address(hops[0]) or near

    vars(visitors)["_farthest"] = farthest
