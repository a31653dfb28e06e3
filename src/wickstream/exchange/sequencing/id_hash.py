"""A fingerprint of trade ids. Of a run of consecutive ids it costs the same as of one.

Count and sum of ids do not see two ids lost and two others doubled whose sums are the same; this does. Each id gives
XXH64(id) ^ XXH64(id + 1), all joined by XOR: within a run neighbours cancel each other out. An id that is missing, or
there twice, leaves its two hashes behind, so a set of ids that is not the right one has the right hash once in 2^64.
"""

from xxhash import xxh64_digest

_SEED = 42  # as in Spark's `xxhash64`


def hash_of_run(first_id: int, last_id: int) -> int:
    """Of the ids from `first_id` to `last_id`, both included: 64 bits, signed."""
    return _mixed(first_id) ^ _mixed(last_id + 1)


def _mixed(number: int) -> int:
    digest = xxh64_digest(number.to_bytes(8, "little", signed=True), _SEED)
    return int.from_bytes(digest, "big", signed=True)
