"""Jobs by the clock: real small processes, and a clock that the test moves."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.small_children import STUBBORN, await_true, polite, python, story_of
from wickstream.operate.supervision.child import Premises
from wickstream.operate.supervision.guard import Guard
from wickstream.operate.supervision.job import ANY_EXIT, CUT_OFF, OK, JobSpec, JobState, JobStep, due_after
from wickstream.operate.supervision.nanny import start_time
from wickstream.operate.supervision.pids import sweep
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.operate.supervision.schedule import Schedule, read_jobs

NOON = 1_795_348_800.0  # 2026-11-22T12:00:00Z
TELL = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write(sys.argv[2] + '\\n')"
FAIL_FIRST = f"{TELL}; sys.exit(pathlib.Path(sys.argv[1]).read_text().count(sys.argv[2]) < int(sys.argv[3]))"


class Scene:
    """One supervisor's schedule after the other, on the same folder."""

    def __init__(self, folder: Path, guard: Guard, threads: ThreadPoolExecutor) -> None:
        self.folder = folder
        self.now_s = NOON
        for name in ("run", "logs"):
            (folder / name).mkdir()
        self.premises = Premises(folder / "run", folder / "logs", guard, threads)

    def schedule(self, *specs: JobSpec) -> Schedule:
        return Schedule(specs, self.premises, grace_s=0, clock=lambda: self.now_s)

    def state(self, name: str = "job") -> JobState:
        return next(state for state in read_jobs(self.folder / "run") if state.name == name)

    def until(self, schedule: Schedule, condition: Callable[[JobState], bool]) -> JobState:
        def holds() -> bool:
            schedule.advance()
            return condition(self.state())

        await_true(holds)
        return self.state()

    def step(self, word: str, *, code: str = TELL, needed: int = 0) -> ProcessSpec:
        spec = python(word, code, self.folder, str(self.folder / "story"), word, str(needed), final_exit_codes=ANY_EXIT)
        return replace(spec, is_ready=lambda: False)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    guard, threads = Guard(), ThreadPoolExecutor(2)
    yield Scene(tmp_path, guard, threads)
    threads.shutdown()
    guard.close()


def job(*steps: ProcessSpec, when: str = "*/5 * * * *", timeout_s: float | None = 30, retries: int = 0) -> JobSpec:
    return JobSpec("job", when, tuple(JobStep(step, timeout_s, retries) for step in steps), first_pause_s=0.02)


@pytest.mark.parametrize(
    ("when", "minutes"), [("*/5 * * * *", 5), ("*/2 * * * *", 2), ("0 3 * * *", 15 * 60), ("1 12 * * *", 1)]
)
def test_a_job_is_due_at_the_next_time_of_its_expression_in_utc(when: str, minutes: int) -> None:
    assert due_after(when, NOON) == NOON + 60 * minutes


def test_steps_run_one_behind_the_other_when_they_are_due_and_not_before(scene: Scene) -> None:
    schedule = scene.schedule(job(scene.step("first"), scene.step("second")))
    schedule.advance()
    assert scene.state().phase == "waiting"
    assert scene.state().next_ms == (NOON + 300) * 1_000

    scene.now_s += 300
    done = scene.until(schedule, lambda state: state.ended_ms is not None)
    assert story_of(scene.folder) == ["first", "second"]
    assert (done.outcome, done.phase, done.next_ms) == (OK, "waiting", (NOON + 600) * 1_000)


def test_a_job_that_still_runs_is_not_begun_again_and_what_came_due_meanwhile_is_left_out(scene: Scene) -> None:
    waiting = polite("patient", scene.folder)
    schedule = scene.schedule(job(replace(waiting, final_exit_codes=ANY_EXIT)))
    scene.now_s += 300
    scene.until(schedule, lambda _: story_of(scene.folder) == ["patient started"])
    scene.now_s += 720
    running = scene.until(schedule, lambda state: state.phase == "running")
    assert running.began_ms == (NOON + 300) * 1_000
    (pid,) = (int(file.read_text().split()[0]) for file in (scene.folder / "run").glob("*.pid"))

    os.kill(pid, signal.SIGTERM)
    done = scene.until(schedule, lambda state: state.phase == "waiting")
    assert story_of(scene.folder).count("patient started") == 1
    assert done.next_ms == (NOON + 1_200) * 1_000


def test_a_step_that_fails_is_tried_again_and_the_next_one_waits_for_it(scene: Scene) -> None:
    schedule = scene.schedule(job(scene.step("first", code=FAIL_FIRST, needed=3), scene.step("second"), retries=2))
    scene.now_s += 300
    assert scene.until(schedule, lambda state: state.ended_ms is not None).outcome == OK
    assert story_of(scene.folder) == ["first", "first", "first", "second"]


def test_a_step_that_goes_on_failing_ends_the_job_which_is_due_again_at_its_time(scene: Scene) -> None:
    schedule = scene.schedule(job(scene.step("first", code=FAIL_FIRST, needed=9), scene.step("second"), retries=1))
    scene.now_s += 300
    done = scene.until(schedule, lambda state: state.ended_ms is not None)
    assert story_of(scene.folder) == ["first", "first"]
    assert done.outcome == "first ended with exit code 1"
    assert done.next_ms == (NOON + 600) * 1_000


def test_what_is_for_the_operator_to_mend_is_not_tried_again(scene: Scene) -> None:
    schedule = scene.schedule(job(scene.step("first", code=f"{TELL}; sys.exit(2)"), retries=5))
    scene.now_s += 300
    assert scene.until(schedule, lambda state: state.ended_ms is not None).outcome == "first ended with exit code 2"
    assert story_of(scene.folder) == ["first"]


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_step_that_takes_too_long_is_stopped_and_killed_if_it_does_not_obey(scene: Scene, stubborn: bool) -> None:  # noqa: FBT001
    slow = python("slow", STUBBORN if stubborn else "import time; time.sleep(60)", scene.folder, stop_seconds=0.2)
    schedule = scene.schedule(job(replace(slow, final_exit_codes=ANY_EXIT, is_ready=lambda: False), timeout_s=0.3))
    scene.now_s += 300
    assert scene.until(schedule, lambda state: state.ended_ms is not None).outcome == "slow took longer than 0.3 s"
    assert list((scene.folder / "run").glob("*.pid")) == []


def test_a_stop_ends_what_runs_and_the_next_start_begins_it_again(scene: Scene) -> None:
    spec = job(replace(polite("cut", scene.folder), final_exit_codes=ANY_EXIT))
    schedule = scene.schedule(spec)
    scene.now_s += 300
    scene.until(schedule, lambda _: story_of(scene.folder) == ["cut started"])
    schedule.stop()
    assert story_of(scene.folder) == ["cut started", "cut stopped"]

    again = scene.schedule(spec)
    again.advance()
    assert scene.state().outcome == CUT_OFF
    scene.until(again, lambda _: story_of(scene.folder)[2:] == ["cut started"])
    again.stop()


def test_what_a_killed_supervisor_left_running_is_stopped_and_begun_again_once(scene: Scene) -> None:
    spec = job(replace(polite("cut", scene.folder), final_exit_codes=ANY_EXIT))
    schedule = scene.schedule(spec)
    scene.now_s += 300
    scene.until(schedule, lambda _: story_of(scene.folder) == ["cut started"])
    (file,) = (scene.folder / "run").glob("*.pid")
    pid = int(file.read_text().split()[0])

    assert sweep(scene.folder / "run") == ["cut"]  # as the next supervisor does
    assert start_time(pid) is None
    again = scene.schedule(spec)
    scene.until(again, lambda _: story_of(scene.folder)[2:] == ["cut started"])
    assert scene.state().began_ms == (NOON + 300) * 1_000
    again.stop()
    schedule.stop()  # reaps, as the killed one's parent


def test_a_run_that_was_missed_while_nothing_ran_is_made_up_for_once(scene: Scene) -> None:
    daily = job(scene.step("daily"), when="0 3 * * *")
    scene.now_s = NOON - 9 * 3_600 - 60
    first = scene.schedule(daily)
    first.advance()
    scene.now_s = NOON - 9 * 3_600
    scene.until(first, lambda state: state.ended_ms is not None)

    scene.now_s = NOON + 3 * 86_400
    later = scene.schedule(daily)
    done = scene.until(later, lambda state: state.ended_ms == scene.now_s * 1_000)
    assert story_of(scene.folder) == ["daily", "daily"]
    assert done.next_ms == (NOON + 3 * 86_400 + 15 * 3_600) * 1_000


def test_a_job_that_was_never_done_waits_for_its_time(scene: Scene) -> None:
    schedule = scene.schedule(job(scene.step("daily"), when="0 3 * * *"))
    schedule.advance()
    assert scene.state().next_ms == (NOON + 15 * 3_600) * 1_000
    assert story_of(scene.folder) == []


def test_nothing_is_begun_in_the_first_minute_of_a_stack(scene: Scene) -> None:
    schedule = Schedule([job(scene.step("early"))], scene.premises, clock=lambda: scene.now_s)
    scene.now_s += 300
    schedule.advance()
    assert scene.state().phase == "waiting"
    assert story_of(scene.folder) == []
