"""How a runner says what its client saw: JSON lines on stdout. It runs in the client's environment: stdlib only."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping

LONGEST_STORY_S = 150.0

Story = Callable[..., Awaitable[None]]  # an address, and numbers if it needs any


def tell(what: str, seen: object) -> None:
    """One thing that was seen."""
    sys.stdout.write(json.dumps([what, seen]) + "\n")


def run(stories: Mapping[str, Story]) -> None:
    """Tell the story that the command line names, of the exchange at the address it names."""
    name, address, *numbers = sys.argv[1:]
    asyncio.run(asyncio.wait_for(stories[name](address, *map(int, numbers)), LONGEST_STORY_S))
    sys.stdout.flush()
    os._exit(0)  # some clients leave threads behind that take seconds to end
