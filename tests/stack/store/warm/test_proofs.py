"""How the last runs of the proof ended."""

import asyncio

import msgspec
import pytest

from wickstream.config import Settings
from wickstream.store.series.router import Router
from wickstream.store.warm import proofs
from wickstream.store.warm.database import connect
from wickstream.store.warm.proofs import Proof, keep_proof

pytestmark = pytest.mark.stack


def keep(database: Settings, kind: str, at_ms: int, *, passed: bool = True) -> None:
    report = msgspec.json.encode({"passed": passed, "checks": []})
    keep_proof(database, kind, ended_at_ms=at_ms, passed=passed, report=report)


def read(database: Settings, kind: str | None = None, limit: int = 1_000) -> list[Proof]:
    async def ask() -> list[Proof]:
        async with Router(database) as router:
            return await router.records.proofs(kind, limit)

    return asyncio.run(ask())


def test_runs_come_back_the_newest_first(database: Settings) -> None:
    keep(database, "validate", 1)
    keep(database, "verify", 3, passed=False)
    keep(database, "validate", 2)

    assert [(proof.kind, proof.ended_at, proof.passed) for proof in read(database)] == [
        ("verify", 3, False),
        ("validate", 2, True),
        ("validate", 1, True),
    ]
    assert read(database, "verify") == [Proof("verify", 3, False, {"passed": False, "checks": []})]  # noqa: FBT003
    assert len(read(database, limit=1)) == 1


def test_of_each_kind_only_the_newest_are_kept(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "KEPT", 3)
    for at_ms in range(1, 8):
        keep(database, "validate", at_ms)
    keep(database, "verify", 1)
    assert [proof.ended_at for proof in read(database, "validate")] == [7, 6, 5]
    assert len(read(database, "verify")) == 1


def test_a_run_is_no_worse_for_a_note_that_nobody_takes(database: Settings) -> None:
    with connect(database) as conn:
        conn.execute("DROP TABLE proofs")
    keep(database, "verify", 1)
