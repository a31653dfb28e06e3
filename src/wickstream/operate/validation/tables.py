"""The form that the warm tier's tables must have: the fields of our records. Pure."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from wickstream.candle import Candle
from wickstream.events import Alert, Gap, Mark, SymbolEvent
from wickstream.operate.validation.evidence import Fault

TABLES: Mapping[str, type[msgspec.Struct]] = {
    "candles": Candle,
    "candle_revisions": Candle,
    "marks": Mark,
    "gaps": Gap,
    "alerts": Alert,
    "symbol_events": SymbolEvent,
}

_INTEGERS = frozenset({"bigint", "integer"})
_KINDS = {int: _INTEGERS | {"numeric"}, Decimal: frozenset({"numeric"}), bool: frozenset({"boolean"})}
_TEXT = frozenset({"text"})
_OBJECT = frozenset({"jsonb"})


def table_faults(found: Mapping[str, Mapping[str, str]]) -> Iterator[Fault]:
    """What is missing of the tables, or of another type, by the types that PostgreSQL calls their columns."""
    for table, record in TABLES.items():
        columns = found.get(table)
        if columns is None:
            yield Fault("", None, f"there is no table {table}")
            continue
        for name, hint in get_type_hints(record).items():
            kind = columns.get(name)
            if kind is None:
                yield Fault("", None, f"{table} has no column {name}")
            elif kind not in _kinds_of(hint):
                yield Fault("", None, f"{table}.{name} is of type {kind}")


def _kinds_of(hint: Any) -> frozenset[str]:
    if get_origin(hint) in (UnionType, Union):
        hint = next(part for part in get_args(hint) if part is not type(None))
    return _OBJECT if get_origin(hint) is dict else _KINDS.get(hint, _TEXT)
