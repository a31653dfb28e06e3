"""The pictures as files."""

from pathlib import Path

from deploy.pictures import architecture, topics

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


def files() -> dict[str, str]:
    """What the folder is to hold, by name."""
    return {"architecture.svg": architecture.draw(), "topics.svg": topics.draw()}
