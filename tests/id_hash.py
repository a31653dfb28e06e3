"""The hash of a minute's ids by its definition, id by id; what the connector computes of runs and Spark of columns."""

import struct
from collections.abc import Iterable

from xxhash import xxh64_intdigest


def id_hash(ids: Iterable[int]) -> int:
    """XXH64(id) ^ XXH64(id + 1) of all of them, joined by XOR, as a signed number of 64 bits."""
    joined = 0
    for one in ids:
        joined ^= _xxh64(one) ^ _xxh64(one + 1)
    return joined - 2**64 if joined >= 2**63 else joined


def _xxh64(number: int) -> int:
    return xxh64_intdigest(struct.pack("<q", number), 42)
