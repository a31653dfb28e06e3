"""A lifecycle that is killed before or after anything it does, and run again, comes to the same end."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from deltalake import DeltaTable
from deltalake.table import TableMerger

from tests.aged_stores import State, copied, state_of
from wickstream.config import Settings
from wickstream.operate.lifecycle.job import run
from wickstream.store.cold import lake

pytestmark = pytest.mark.stack

# What changes PostgreSQL, and what changes the lake.
POINTS = [
    *("moved", "vacuum", "detach candle_revisions", "detach marks", "detach candles"),
    *("drop candle_revisions", "drop marks", "drop candles", "delete alerts"),
    *("write_deltalake", "create_write_transaction", "execute", "delete", "sweep"),
]

WORST = {("moved", True), ("detach candles", False), ("detach candles", True), ("write_deltalake", True)}


class Killed(BaseException):
    """From here on nothing of this process reaches a store."""


class Death:
    """Comes before, or after, the first call of its kind; from then on every call fails."""

    def __init__(self, patch: pytest.MonkeyPatch, point: str, *, after: bool) -> None:
        self.has_come = False
        self._point = point
        self._after = after
        for owner, name in (
            (lake, "write_deltalake"),
            (DeltaTable, "create_write_transaction"),
            (DeltaTable, "delete"),
            (TableMerger, "execute"),
        ):
            patch.setattr(owner, name, self._mortal(getattr(owner, name), lambda *_, name=name, **__: name))
        patch.setattr(DeltaTable, "vacuum", self._mortal(DeltaTable.vacuum, _sweeping))
        patch.setattr(psycopg.Connection, "execute", self._mortal(psycopg.Connection.execute, _statement))

    def _mortal(self, call: Callable[..., Any], kind_of: Callable[..., str]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:
            if self.has_come:
                raise Killed
            is_now = kind_of(*args, **named) == self._point
            if is_now and not self._after:
                self.has_come = True
                raise Killed
            answer = call(*args, **named)
            if is_now:
                self.has_come = True
                raise Killed
            return answer

        return wrapped


def _sweeping(*_: Any, dry_run: bool = True, **__: Any) -> str:
    return "" if dry_run else "sweep"


def _statement(conn: psycopg.Connection, statement: Any, *_: Any, **__: Any) -> str:
    text = (statement if isinstance(statement, str) else statement.as_string(conn)).strip()
    words = text.replace('"', "").split()
    match words[:2]:
        case ["WITH", "moved"]:
            return "moved"
        case ["VACUUM", _]:
            return "vacuum"
        case ["ALTER", _] if "DETACH" in words:
            return f"detach {words[2]}"
        case ["DROP", _]:
            return f"drop {words[2].removesuffix('_2024_04')}"
        case ["DELETE", _]:
            return f"delete {words[2]}"
    return ""


def go(settings: Settings) -> None:
    assert run(settings, dry_run=False, progress=lambda *_: None, tell=lambda _: None).passed


@pytest.fixture(autouse=True)
def _swept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake, "UNUSED_HOURS", 0)


@pytest.fixture(scope="module")
def end(template: Settings, postgres: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """Of one that nobody killed."""
    with (
        pytest.MonkeyPatch.context() as patch,
        copied(template, postgres, tmp_path_factory.mktemp("whole")) as settings,
    ):
        patch.setattr(lake, "UNUSED_HOURS", 0)
        go(settings)
        yield state_of(settings)


@pytest.mark.parametrize(
    ("point", "after"),
    [
        pytest.param(
            point, after, id=f"{'after' if after else 'before'} {point}",
            marks=[] if (point, after) in WORST else pytest.mark.slow,
        )
        for point in POINTS for after in (False, True)
    ],
)  # fmt: skip
def test_killed_anywhere_and_run_again_it_comes_to_the_same_end(
    aged: Settings, end: State, monkeypatch: pytest.MonkeyPatch, point: str, *, after: bool
) -> None:
    with monkeypatch.context() as patch:
        death = Death(patch, point, after=after)
        with suppress(Killed):
            run(aged, dry_run=False, progress=lambda *_: None, tell=lambda _: None)
    assert death.has_come, "nothing of this kind is done any more"
    go(aged)
    assert state_of(aged) == end
