"""What Grafana puts in the place of variables before it asks a data source; by its documentation."""

import re
from collections.abc import Mapping
from typing import NamedTuple

# `$name`, `${name}`, `${name:format}`; the older `[[name]]` is not used here.
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::(\w+))?\})")
_MACRO = re.compile(r"\$\w+\(")  # what the data source itself puts in, after the variables

Value = str | tuple[str, ...]


class Shown(NamedTuple):
    """What a dashboard shows: the range in epoch ms, the step, how often Prometheus scrapes, and what is chosen."""

    from_ms: int
    to_ms: int
    step_s: int
    scrape_s: int
    chosen: Mapping[str, Value]

    @property
    def rate_interval_s(self) -> int:
        """At least four scrapes, so that there is a rate although one was missed."""
        return max(self.step_s + self.scrape_s, 4 * self.scrape_s)


def expanded(text: str, shown: Shown) -> str:
    """With every variable in its place.

    Raises:
        KeyError: If a variable is none of the dashboard's and none of Grafana's own.
    """
    assert not _MACRO.search(text), f"a macro ends at the first bracket that closes: use none\n{text}"
    known: dict[str, Value] = {
        "__from": str(shown.from_ms),
        "__to": str(shown.to_ms),
        "__interval": f"{shown.step_s}s",
        "__rate_interval": f"{shown.rate_interval_s}s",
        "__range": f"{(shown.to_ms - shown.from_ms) // 1_000}s",
        **shown.chosen,
    }
    return _VARIABLE.sub(lambda match: _written(known[match[1] or match[2]], match[3]), text)


def _written(value: Value, form: str | None) -> str:
    values = (value,) if isinstance(value, str) else value
    if form == "sqlstring":
        return ",".join("'" + one.replace("'", "''") + "'" for one in values)
    assert form is None, f"no format that Grafana has for SQL: {form}"
    assert isinstance(value, str), f"several values need a format: {value}"
    return value.replace("'", "''")
