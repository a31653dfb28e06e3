"""What a sink is sent. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Post:
    """One HTTP request."""

    url: str = field(repr=False)  # who knows it may write there
    body: bytes  # JSON
    headers: dict[str, str] = field(default_factory=dict)
