"""`wickstream connect`, some of its waits scaled: `hurried.py '{"sessions.refill.LONGEST_HOLD_S": 3}' connect …`."""

import json
import sys
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from wickstream.cli import main
from wickstream.config import Settings
from wickstream.exchange.sockets.socket_rules import SocketRules

RULES = "socket_rules."


def hurry(pace: dict[str, Any]) -> None:
    """Set constants of `wickstream.exchange`'s modules, and fields of the rules that sockets keep to."""
    fields = {name.removeprefix(RULES): value for name, value in pace.items() if name.startswith(RULES)}
    _set("connector.SocketRules", SimpleNamespace(of=lambda settings: _hurried(settings, fields)))
    for name in pace:
        if not name.startswith(RULES):
            _set(name, pace[name])


def _hurried(settings: Settings, fields: dict[str, Any]) -> SocketRules:
    return replace(SocketRules.of(settings), **fields)


def _set(name: str, value: object) -> None:
    module, _, constant = name.rpartition(".")
    known = vars(import_module(f"wickstream.exchange.{module}"))
    assert constant in known, name
    known[constant] = value


if __name__ == "__main__":
    hurry(json.loads(sys.argv.pop(1)))
    main()
