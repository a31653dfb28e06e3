"""A lake of a test's own."""

from pathlib import Path

import pytest

from wickstream.config import Settings


@pytest.fixture
def lake(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of an empty lake in a folder."""
    return settings.model_copy(update={"cold_url": f"file:{tmp_path / 'lake'}"})
