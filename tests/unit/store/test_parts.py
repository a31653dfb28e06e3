"""Which part of the writer listens where."""

from itertools import combinations

import pytest

from wickstream.config import PORT_OFFSETS
from wickstream.errors import Mistake
from wickstream.store.parts import ALL_PARTS, Part, parts_of, port_name


def test_parts_are_named_and_none_means_all() -> None:
    assert parts_of(["hot", "sinks", "hot"]) == {Part.HOT, Part.SINKS}
    assert parts_of([]) == ALL_PARTS
    with pytest.raises(Mistake, match="lukewarm: they are hot, warm, cold, sinks"):
        parts_of(["hot", "lukewarm"])


def test_the_whole_writer_listens_where_it_always_did() -> None:
    assert port_name(ALL_PARTS) == "writer"
    assert port_name(list(Part)) == "writer"


def test_processes_that_share_no_part_share_no_port() -> None:
    chosen = [frozenset(parts) for count in range(1, 5) for parts in combinations(Part, count)]
    ports = {parts: PORT_OFFSETS[port_name(parts)] for parts in chosen}

    assert all(ports[one] != ports[other] for one in chosen for other in chosen if not one & other)
