"""Stores that need a lifecycle, made once and copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aged_stores import copied, fill_cold, fill_warm
from tests.conftest import new_database
from wickstream.config import Settings
from wickstream.store.warm.migrations import migrate


@pytest.fixture(scope="package")
def template(postgres: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Nobody changes these."""
    with new_database(postgres) as empty:
        migrate(empty)
        settings = empty.model_copy(
            update={"cold_url": f"file:{tmp_path_factory.mktemp('aged') / 'lake'}", "cold_trades_days": 30}
        )
        fill_warm(settings)
        fill_cold(settings)
        yield settings


@pytest.fixture
def aged(template: Settings, postgres: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A copy of the test's own."""
    with copied(template, postgres, tmp_path) as settings:
        yield settings
