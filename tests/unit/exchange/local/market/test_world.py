from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.errors import Mistake
from wickstream.exchange.local.market import anchor
from wickstream.exchange.local.market.recording import Recording, ReplayPlan, demo_files, read_recording
from wickstream.exchange.local.market.world import World

MINUTE_MS = 60_000
NOW_MS = 1_795_000_012_345
DEMO = ReplayPlan(demo_files(), demo=True)
RECORDING = read_recording(DEMO.files)
SIZE = sum(map(len, RECORDING.tapes))


def _world(plan: ReplayPlan, *, now_ms: int = NOW_MS, recording: Recording = RECORDING) -> World:
    return World(recording, anchor.decide(recording, plan, now_ms=now_ms), plan)


WORLD = _world(DEMO)


@given(st.integers(-2_000_000, 2_000_000), st.sampled_from(["BTCUSDT", "ETHUSDT"]))
def test_ids_of_the_demo_are_consecutive_for_ever_and_times_never_go_back(number: int, symbol: str) -> None:
    history = WORLD.histories[symbol]

    this, following = history.trade(number), history.trade(number + 1)

    assert following.trade_id == this.trade_id + 1
    assert following.traded_at_ms >= this.traded_at_ms
    assert history.from_id(this.trade_id) == number
    assert history.before(this.traded_at_ms) <= number < history.until(this.traded_at_ms)


@settings(max_examples=40)  # each example makes a window of frames
@given(st.integers(-2_000_000, 2_000_000))
def test_frames_tell_the_same_as_the_history(number: int) -> None:
    [(_, data)] = WORLD.frames(number, number + 1)
    frame = msgspec.json.decode(data)
    history = WORLD.histories[frame["s"]]

    told = history.trade(history.from_id(frame["t"]))

    assert (told.trade_id, told.traded_at_ms) == (frame["t"], frame["T"])
    assert WORLD.time_of(number) == frame["T"]
    assert frame["E"] >= frame["T"]


@given(st.integers(1_700_000_000_000, 1_900_000_000_000))
def test_the_first_frame_lies_within_a_minute_of_now_and_minutes_stay_minutes(now_ms: int) -> None:
    world = _world(DEMO, now_ms=now_ms)

    assert world.starts_at_ms <= now_ms < world.starts_at_ms + MINUTE_MS
    assert (world.starts_at_ms - RECORDING.first_ms) % MINUTE_MS == 0
    assert world.histories["BTCUSDT"].loops.period_ms == 11 * MINUTE_MS


@given(st.integers(1_700_000_000_000, 1_900_000_000_000))
def test_at_full_speed_the_last_frame_lies_in_the_current_minute(now_ms: int) -> None:
    world = _world(ReplayPlan(DEMO.files, speed=None), now_ms=now_ms)

    assert world.ends_at_ms is not None
    assert world.ends_at_ms // MINUTE_MS == now_ms // MINUTE_MS


def test_kept_times_are_the_recorded_bytes() -> None:
    world = _world(ReplayPlan(DEMO.files, keep_times=True))
    tape = RECORDING.tapes[0]

    played = [data for number, data in world.frames(0, SIZE) if number == 0]

    assert played == tape.frames(0, len(tape), by_ms=0, by_ids=0)


def test_a_moved_frame_differs_in_its_times_and_id_only() -> None:
    [(_, captured)] = _world(ReplayPlan(DEMO.files, keep_times=True)).frames(5, 6)
    [(_, moved)] = WORLD.frames(5 + SIZE, 6 + SIZE)

    before, after = msgspec.json.decode(captured), msgspec.json.decode(moved)

    assert list(before) == list(after)
    assert {key for key in before if before[key] != after[key]} == {"E", "T", "t"}
    assert after["E"] - before["E"] == after["T"] - before["T"]


def test_a_plain_replay_has_an_end_and_a_looped_one_has_none_and_neither_has_a_past() -> None:
    once, looped = _world(ReplayPlan(DEMO.files)), _world(ReplayPlan(DEMO.files, loop=True))
    assert once.time_of(SIZE) is None
    assert once.frames_until(10**14) == SIZE
    assert looped.time_of(SIZE) == looped.starts_at_ms + 11 * MINUTE_MS
    assert once.frames_until(0) == looped.frames_until(0) == 0


def test_ids_inside_holes_of_a_recording_are_not_in_it(tmp_path: Path) -> None:
    file = capture(tmp_path / "a.frames", [trade(10, 1_000), trade(14, 2_000), trade(15, 3_000)])
    plan = ReplayPlan((file,), loop=True)
    history = _world(plan, recording=read_recording(plan.files)).histories["BTCUSDT"]

    assert [history.trade(number).trade_id for number in range(6)] == [10, 14, 15, 16, 20, 21]
    assert history.from_id(11) == history.from_id(14) == 1
    assert history.from_id(17) == 4


def test_a_restart_keeps_ids_and_times(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "exchange.json"

    first = anchor.keep(file, RECORDING, DEMO, now_ms=NOW_MS)
    again = anchor.keep(file, RECORDING, DEMO, now_ms=NOW_MS + 3 * 86_400_000)

    assert again == first


def test_another_recording_is_set_down_anew(tmp_path: Path) -> None:
    file = tmp_path / "exchange.json"
    other = read_recording([capture(tmp_path / "a.frames", [trade(1, 1_000)])])
    anchor.keep(file, RECORDING, DEMO, now_ms=NOW_MS)

    anew = anchor.keep(file, other, DEMO, now_ms=NOW_MS)

    assert anew.recording == other.digest


def test_a_damaged_anchor_is_a_mistake_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "exchange.json"
    file.write_text("{")

    with pytest.raises(Mistake, match=r"exchange\.json: damaged"):
        anchor.keep(file, RECORDING, DEMO, now_ms=NOW_MS)


def test_symbols_are_merged_by_trade_time_and_ties_keep_the_order_of_files_and_ids(tmp_path: Path) -> None:
    eth = capture(tmp_path / "eth.frames", [trade(1, 1_000, symbol="ETHUSDT"), trade(2, 3_000, symbol="ETHUSDT")])
    btc = capture(tmp_path / "btc.frames.gz", [trade(7, 1_000), trade(8, 1_000), trade(9, 2_000)])
    plan = ReplayPlan((eth, btc), keep_times=True)

    world = _world(plan, recording=read_recording(plan.files))

    assert [number for number, _ in world.frames(0, 99)] == [0, 1, 1, 1, 0]
    assert [world.time_of(number) for number in range(6)] == [1_000, 1_000, 1_000, 2_000, 3_000, None]


def test_a_frame_after_hours_without_one_is_found(tmp_path: Path) -> None:
    times = [1_000, 50 * 3_600_000, 50 * 3_600_000 + 1, 990 * 3_600_000]
    file = capture(tmp_path / "a.frames", [trade(number, time_ms) for number, time_ms in enumerate(times)])
    plan = ReplayPlan((file,), keep_times=True, loop=True)
    world = _world(plan, recording=read_recording(plan.files))

    assert [world.time_of(number) for number in (3, 0, 2, 1)] == [times[3], times[0], times[2], times[1]]
    assert world.time_of(4_000_000) == times[0] + 1_000_000 * (world.time_of(4) - times[0])  # type: ignore[operator]
