"""Who writes: one run of one connector, of so many that share the symbols."""

import secrets
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Instance:
    """`spot-0/2:1f3a9c20` is a run of the first of two connectors; so it is written in records' headers."""

    market: str
    shard: int
    shards: int
    run: str

    @classmethod
    def new(cls, market: str, shard: tuple[int, int]) -> Self:
        """A run of its own."""
        return cls(market, *shard, secrets.token_hex(4))

    @classmethod
    def read(cls, text: bytes) -> Self | None:
        """As a header has it; None if it is nothing of that kind."""
        try:
            layout, _, run = text.decode().partition(":")
            market, _, place = layout.rpartition("-")
            shard, _, shards = place.partition("/")
            return cls(market, int(shard), int(shards), run)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.transactional_id}:{self.run}"

    @property
    def transactional_id(self) -> str:
        """Whoever opens a producer of this id fences those who had it."""
        return f"{self.market}-{self.shard}/{self.shards}"

    @property
    def key(self) -> str:
        """In the table of symbols: of none of them."""
        return f"@{self.transactional_id}"

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Of every record of ours but trades."""
        return [("instance", str(self).encode())]

    def replaces(self, other: "Instance") -> bool:
        """Whether only one of the two may write: another run of the same shard, or of another way to share."""
        is_same_place = (self.shard, self.shards) == (other.shard, other.shards)
        return self.run != other.run and (is_same_place or self.shards != other.shards)

    def of_layout(self, shards: int) -> "list[Instance]":
        """All shards of another way to share the same market."""
        return [Instance(self.market, shard, shards, self.run) for shard in range(shards)]
