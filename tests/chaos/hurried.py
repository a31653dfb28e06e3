"""`wickstream connect` with some of its waits scaled: `hurried.py '{"refill.LONGEST_HOLD_S": 3}' connect …`."""

import json
import sys
from functools import partial
from importlib import import_module
from typing import Any

from wickstream.cli import main
from wickstream.exchange.socket_rules import SocketRules

RULES = "socket_rules."


def hurry(pace: dict[str, Any]) -> None:
    """Set constants of `wickstream.exchange`'s modules, and fields of the rules that sockets keep to."""
    rules = {name.removeprefix(RULES): value for name, value in pace.items() if name.startswith(RULES)}
    vars(import_module("wickstream.exchange.connector"))["SocketRules"] = partial(SocketRules, **rules)
    for name in pace:
        if not name.startswith(RULES):
            module, _, constant = name.partition(".")
            known = vars(import_module(f"wickstream.exchange.{module}"))
            assert constant in known, name
            known[constant] = pace[name]


if __name__ == "__main__":
    hurry(json.loads(sys.argv.pop(1)))
    main()
