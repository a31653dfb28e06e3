"""Which candles do not fit behind each other."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.candles import MIDNIGHT_MS, minute
from wickstream.candle import Candle
from wickstream.events import MINUTE_MS
from wickstream.operate.proof.chain import chain_faults
from wickstream.store.series.frames import frame_of

ROWS = [minute(number=number) for number in range(10)]  # of ten ids each


def at(number: int) -> int:
    return MIDNIGHT_MS + number * MINUTE_MS


def faults(
    rows: list[Candle], *, absent: tuple[range, ...] = (), halts: tuple[int, ...] = (), starts: tuple[int, ...] = ()
) -> list[tuple[int | None, str]]:
    found = chain_faults(frame_of(rows), absent=absent, halts=halts, starts=starts)
    return [(fault.open_time, fault.what) for fault in found]


def test_an_unbroken_chain_has_no_fault() -> None:
    assert faults(ROWS) == []


@given(lost=st.sets(st.integers(1, 8), min_size=1))
def test_every_lost_minute_shows_at_the_next_one(lost: set[int]) -> None:
    found = faults([row for number, row in enumerate(ROWS) if number not in lost])
    runs_end = [number + 1 for number in sorted(lost) if number + 1 not in lost]
    assert [opened for opened, _ in found] == [at(number) for number in runs_end]
    assert sum(int(what.split()[0]) for _, what in found) == len(lost)


def test_a_halt_and_a_kline_without_ids_stand_for_their_minute() -> None:
    kline = msgspec.structs.replace(ROWS[5], first_trade_id=None, last_trade_id=None)
    assert faults([*ROWS[:5], kline, *ROWS[6:]]) == []
    later = [msgspec.structs.replace(row, first_trade_id=(row.first_trade_id or 0) - 10,
                                     last_trade_id=(row.last_trade_id or 0) - 10) for row in ROWS[6:]]  # fmt: skip
    assert faults([*ROWS[:5], *later], halts=(at(5),)) == []


def test_missing_ids_between_two_minutes_show_unless_they_never_were() -> None:
    moved = [msgspec.structs.replace(row, first_trade_id=(row.first_trade_id or 0) + 3,
                                     last_trade_id=(row.last_trade_id or 0) + 3) for row in ROWS[5:]]  # fmt: skip
    assert faults([*ROWS[:5], *moved]) == [(at(5), "3 ids are missing before 1053")]
    assert faults([*ROWS[:5], *moved], absent=(range(1050, 1053),)) == []
    assert faults([*ROWS[:5], *moved], absent=(range(1050, 1052),)) == [(at(5), "1 ids are missing before 1053")]


def test_an_overlap_shows() -> None:
    doubled = msgspec.structs.replace(ROWS[5], first_trade_id=1049, trade_count=11)
    assert [what for _, what in faults([*ROWS[:5], doubled, *ROWS[6:]])] == [
        "begins with id 1049, and the one before ends with 1049"
    ]


def test_a_count_that_is_not_that_of_its_ids_shows_unless_they_never_were() -> None:
    short = msgspec.structs.replace(ROWS[5], trade_count=8)
    assert faults([*ROWS[:5], short, *ROWS[6:]]) == [(at(5), "holds 8 trades of ids 1050 to 1059")]
    assert faults([*ROWS[:5], short, *ROWS[6:]], absent=(range(1053, 1055),)) == []


def test_what_lies_before_a_start_is_not_missed() -> None:
    assert faults([*ROWS[:3], *ROWS[7:]], starts=(1070,)) == []
