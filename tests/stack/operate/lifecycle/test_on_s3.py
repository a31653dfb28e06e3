"""The lifecycle with its lake in a bucket: as in a folder."""

from pathlib import Path

import pytest

from tests.aged_stores import copied, fill_cold, state_of
from wickstream.config import Settings
from wickstream.operate.lifecycle.job import run
from wickstream.operate.lifecycle.report import Outcome
from wickstream.store.cold.trades import TradesArchive

pytestmark = pytest.mark.stack


def go(settings: Settings) -> dict[tuple[str, str], Outcome]:
    found = run(settings, dry_run=False, progress=lambda *_: None, tell=lambda _: None)
    assert found.passed, found
    return {(one.step, one.subject): one.outcome for one in found.done}


def test_what_is_old_goes_from_a_bucket_as_from_a_folder(
    aged: Settings, template: Settings, postgres: Settings, s3: Settings, tmp_path: Path
) -> None:
    done, end = go(aged), state_of(aged)
    bucket = {name: getattr(s3, name) for name in ("minio_endpoint", "minio_access_key", "minio_secret_key")}
    bucket |= {"cold_url": f"s3://{s3.minio_bucket}/aged-{aged.postgres_db}"}
    with copied(template, postgres, tmp_path / "bucket") as settings:
        there = settings.model_copy(update=bucket)
        fill_cold(there)

        assert go(there) == done

        assert state_of(there) == end
        assert TradesArchive(there).kept_since_ms() == TradesArchive(aged).kept_since_ms()
        assert go(there) == {}
