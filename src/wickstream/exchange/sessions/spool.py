"""Frames between the sockets and Kafka: a log in memory, kept until what they led to is committed.

So a producer that breaks, or a broker that is away, loses nothing that a socket has brought. Old frames are kept
compressed; past the bound the sockets are no longer read, and what is missed then is asked for by id.
"""

import asyncio
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

LIMIT_BYTES = 128 * 1024 * 1024
TOGETHER_S = 0.005  # frames that come within this time share it, and all that is done once per read
PACK_FRAMES = 8_192
PLAIN_BYTES = 32 * 1024 * 1024  # so much waits as it is, while Kafka takes what is taken
TROUBLE_S = 1.0  # without an acknowledgement: from then on all but the newest is packed
FRAME_OVERHEAD_BYTES = 41  # of a bytes object, and its place in a list


class Read(NamedTuple):
    """Frames that came together, in order."""

    at_s: float  # when the first of them came, process clock
    frames: Sequence[bytes]

    @property
    def used_bytes(self) -> int:
        """What it takes."""
        return sum(map(len, self.frames)) + FRAME_OVERHEAD_BYTES * len(self.frames)


class _Packed:
    """Reads that take a seventh of the room, or less."""

    def __init__(self, reads: Sequence[Read]) -> None:
        frames = [frame for read in reads for frame in read.frames]
        self._joined = zlib.compress(b"".join(frames), level=1)
        self._lengths = array("l", map(len, frames))
        self._counts = array("l", (len(read.frames) for read in reads))
        self._at_s = array("d", (read.at_s for read in reads))
        self.used_bytes = len(self._joined) + 8 * len(frames) + 16 * len(reads)

    @property
    def began_s(self) -> float:
        """When its first frames came."""
        return self._at_s[0]

    def unpack(self) -> list[Read]:
        """As they were."""
        joined, frames, at = zlib.decompress(self._joined), [], 0
        for length in self._lengths:
            frames.append(joined[at : at + length])
            at += length
        reads, at = [], 0
        for at_s, count in zip(self._at_s, self._counts, strict=True):
            reads.append(Read(at_s, frames[at : at + count]))
            at += count
        return reads


class Spool:
    """Frames are added, taken in order, and forgotten when what was taken is acknowledged.

    Not safe for use by several threads.

    Attributes:
        on_full: called with each read past the bound, which is kept nevertheless.
        on_room: called when half of it is free again.
    """

    def __init__(self, *, process_s: Callable[[], float], limit_bytes: int = LIMIT_BYTES) -> None:
        self.on_full: Callable[[], None] = _nothing
        self.on_room: Callable[[], None] = _nothing
        self._process_s = process_s
        self._limit_bytes = limit_bytes
        self._frames: list[bytes] = []  # of the read that is under way
        self._began_s = self._ends_s = 0.0
        # What waits, oldest first: `_front` (unpacked or taken before), `_packed`, `_plain`
        self._front: deque[Read] = deque()
        self._packed: deque[_Packed] = deque()
        self._plain: deque[Read] = deque()
        self._plain_frames = self._plain_bytes = 0
        self._acknowledged_s = 0.0
        self._taken: list[Read] = []
        self._used_bytes = 0  # of all but the read that is under way
        self._was_full = False
        self._filled = asyncio.Event()

    def add(self, frame: bytes) -> None:
        """Keep a frame that has just come."""
        now_s = self._process_s()
        if now_s >= self._ends_s:
            self._close_read()
            self._began_s, self._ends_s = now_s, now_s + TOGETHER_S
            self._filled.set()
        self._frames.append(frame)

    def _close_read(self) -> None:
        if not self._frames:
            return
        read = Read(self._began_s, self._frames)
        self._frames, self._ends_s = [], 0.0
        self._plain.append(read)
        self._plain_frames += len(read.frames)
        self._plain_bytes += read.used_bytes
        self._used_bytes += read.used_bytes
        if self._is_worth_packing():
            self._pack_oldest()
        if self._was_full or self._used_bytes > self._limit_bytes:
            self._was_full = True
            self.on_full()  # each time: a socket may have come back meanwhile

    def _is_worth_packing(self) -> bool:
        """Only a backlog is: what is taken in a moment would be unpacked again."""
        in_trouble = self._taken and self._began_s - self._acknowledged_s > TROUBLE_S
        return self._plain_frames > 2 * PACK_FRAMES and (bool(in_trouble) or self._plain_bytes > PLAIN_BYTES)

    def _pack_oldest(self) -> None:
        reads, frames = [], 0
        while frames < PACK_FRAMES:
            reads.append(self._plain.popleft())
            frames += len(reads[-1].frames)
        packed, plain_bytes = _Packed(reads), sum(read.used_bytes for read in reads)
        self._packed.append(packed)
        self._plain_frames -= frames
        self._plain_bytes -= plain_bytes
        self._used_bytes += packed.used_bytes - plain_bytes

    @property
    def used_bytes(self) -> int:
        """What is kept takes, the newest read apart."""
        return self._used_bytes

    @property
    def taken_until_s(self) -> float:
        """All that came before this moment was taken."""
        if self._front:
            return self._front[0].at_s
        if self._packed:
            return self._packed[0].began_s
        if self._plain:
            return self._plain[0].at_s
        return self._began_s if self._frames else self._process_s()

    async def filled(self) -> None:
        """Wait until there is something to take, or somebody has called `wake`."""
        if not (self._front or self._packed or self._plain or self._frames):
            await self._filled.wait()
        self._filled.clear()

    def wake(self) -> None:
        """Whoever waits for frames has something else to do."""
        self._filled.set()

    def take(self, most: int) -> list[Read]:
        """The oldest reads not taken yet, `most` frames or a read more; none: nothing waits."""
        self._close_read()
        reads: list[Read] = []
        frames = 0
        while frames < most and (read := self._oldest()):
            reads.append(read)
            frames += len(read.frames)
        self._taken += reads
        return reads

    def _oldest(self) -> Read | None:
        if not self._front and self._packed:
            packed = self._packed.popleft()
            self._front.extend(packed.unpack())
            self._used_bytes += sum(read.used_bytes for read in self._front) - packed.used_bytes
        if self._front:
            return self._front.popleft()
        if not self._plain:
            return None
        read = self._plain.popleft()
        self._plain_frames -= len(read.frames)
        self._plain_bytes -= read.used_bytes
        return read

    def acknowledge(self) -> None:
        """All that was taken is committed."""
        self._acknowledged_s = self._process_s()
        self._used_bytes -= sum(read.used_bytes for read in self._taken)
        self._taken.clear()
        if self._was_full and self._used_bytes < self._limit_bytes // 2:
            self._was_full = False
            self.on_room()

    def rewind(self) -> None:
        """What was taken is not committed: it is to be taken again."""
        self._front.extendleft(reversed(self._taken))
        self._taken.clear()


def _nothing() -> None:
    pass
