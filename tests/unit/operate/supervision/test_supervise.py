import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.small_children import STUBBORN, await_true, polite, python, story_of, supervised
from wickstream.errors import Mistake, StartFailed
from wickstream.operate.supervision.nanny import start_time
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.operate.supervision.step import Step
from wickstream.operate.supervision.supervisor import DEATHS_AT_START, ProcessState, Supervisor, read_state
from wickstream.stopping import StopFlag


def row(folder: Path, name: str) -> ProcessState:
    state = read_state(folder / "run")
    assert state is not None
    return next(process for process in state.processes if process.name == name)


def watch_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    """Let the supervisor work, in this thread, until the condition holds."""

    class UntilTrue(StopFlag):
        def wait(self, timeout: float) -> bool:
            return condition() or super().wait(timeout)

    supervisor.watch(UntilTrue())
    assert condition()


def test_a_process_is_started_only_after_what_it_needs_is_ready(tmp_path: Path) -> None:
    first, second = polite("first", tmp_path), polite("second", tmp_path, after=("first", "step"))

    def tell() -> None:
        with (tmp_path / "story").open("a") as story:
            story.write("step\n")

    step = Step("step", tell, after=("first",))
    with Supervisor([[first], [step], [second]], data_dir=tmp_path) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)

    assert story_of(tmp_path)[:3] == ["first started", "step", "second started"]


def test_layers_are_stopped_from_the_top_and_leave_nothing_behind(tmp_path: Path) -> None:
    layers = [[polite("server", tmp_path)], [polite("job", tmp_path)], [polite("page", tmp_path)]]
    with Supervisor(layers, data_dir=tmp_path) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)
        children = [pid for name in ("server", "job", "page") if (pid := supervisor.pid_of(name))]

    assert story_of(tmp_path)[-3:] == ["page stopped", "job stopped", "server stopped"]
    assert [start_time(pid) for pid in children] == [None, None, None]
    assert list((tmp_path / "run").glob("*.pid")) == []
    assert row(tmp_path, "job").state == "stopped"


def test_a_process_that_dies_is_started_again_and_its_restarts_are_counted(tmp_path: Path) -> None:
    with Supervisor([[polite("job", tmp_path)]], data_dir=tmp_path, ports={"job": 8_007}) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)
        first = supervisor.pid_of("job")
        assert first is not None
        os.kill(first, signal.SIGKILL)
        watch_until(supervisor, lambda: story_of(tmp_path).count("job started") == 2)

        assert row(tmp_path, "job").restarts == 1
        assert row(tmp_path, "job").port == 8_007
        assert supervisor.pid_of("job") not in (None, first)


def test_a_fenced_process_stays_down(tmp_path: Path) -> None:
    fenced = python("connect", "import sys, time; time.sleep(0.5); sys.exit(75)", tmp_path)
    with Supervisor([[fenced]], data_dir=tmp_path) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)
        watch_until(supervisor, lambda: row(tmp_path, "connect").state == "failed")

        assert row(tmp_path, "connect").restarts == 0
        assert "75" in row(tmp_path, "connect").trouble


def test_a_one_shot_that_ended_well_counts_as_done(tmp_path: Path) -> None:
    once = python("once", "pass", tmp_path, is_ready=lambda: False, final_exit_codes=frozenset({0, 75}))
    with Supervisor([[once], [polite("then", tmp_path, after=("once",))]], data_dir=tmp_path) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)

        assert row(tmp_path, "once").state == "stopped"


def test_a_mistake_found_by_a_child_ends_the_start_with_its_line_and_stops_the_rest(tmp_path: Path) -> None:
    wrong = python("connect", "import sys; print('wickstream: BTCUDST: unknown symbol'); sys.exit(2)", tmp_path)
    with (
        pytest.raises(Mistake, match=r"^BTCUDST: unknown symbol$"),
        Supervisor([[polite("server", tmp_path)], [wrong]], data_dir=tmp_path) as supervisor,
    ):
        supervisor.start(StopFlag(), deadline_s=20)

    assert row(tmp_path, "server").pid is None


def test_a_process_that_keeps_dying_ends_the_start_and_its_last_words_are_told(tmp_path: Path) -> None:
    broken = python("kafka", "import sys; sys.exit('no such option')", tmp_path, is_ready=lambda: False)
    with (
        pytest.raises(StartFailed, match=r"kafka .*exit code 1.*no such option"),
        Supervisor([[broken]], data_dir=tmp_path) as supervisor,
    ):
        supervisor.start(StopFlag(), deadline_s=30)


def test_a_start_that_takes_too_long_names_what_is_missing_and_why(tmp_path: Path) -> None:
    slow = python("slow", "import time; time.sleep(60)", tmp_path, is_ready=lambda: False)
    with (
        pytest.raises(StartFailed, match=r"slow"),
        Supervisor([[slow], [polite("later", tmp_path, after=("slow",))]], data_dir=tmp_path) as supervisor,
    ):
        supervisor.start(StopFlag(), deadline_s=1)

    assert "later started" not in story_of(tmp_path)


def test_who_waits_for_something_outside_does_not_hold_up_the_start(tmp_path: Path) -> None:
    waiting = python("connect", "import time; time.sleep(60)", tmp_path, is_ready=lambda: False)
    with Supervisor([[waiting]], data_dir=tmp_path, patient=frozenset({"connect"})) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)

        assert row(tmp_path, "connect").state == "starting"


def test_who_waits_for_something_outside_may_also_die_of_it(tmp_path: Path) -> None:
    failing = python("backfill", "import sys; sys.exit('no answer')", tmp_path, is_ready=lambda: False)

    def has_tried_often() -> bool:
        return row(tmp_path, "backfill").restarts >= DEATHS_AT_START

    slow = python("slow", "import time; time.sleep(60)", tmp_path, is_ready=has_tried_often)
    with Supervisor([[failing, slow]], data_dir=tmp_path, patient=frozenset({"backfill"})) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=60)


def test_a_stop_during_the_start_is_heeded(tmp_path: Path) -> None:
    stop = StopFlag()
    stop.set()
    with Supervisor([[polite("job", tmp_path)]], data_dir=tmp_path) as supervisor:
        assert not supervisor.start(stop)


def test_a_step_that_fails_is_tried_again(tmp_path: Path) -> None:
    tries = []

    def second_time_lucky() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("not yet")

    with Supervisor([[Step("topics", second_time_lucky)]], data_dir=tmp_path) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)

    assert len(tries) == 2


def test_a_child_that_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "mule.log"
    stubborn = python("mule", STUBBORN, tmp_path, is_ready=lambda: "up" in log.read_text(), stop_seconds=0.3)
    with Supervisor([[stubborn]], data_dir=tmp_path) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)
        mule = supervisor.pid_of("mule")
    assert mule is not None
    assert start_time(mule) is None


def test_grandchildren_in_groups_of_their_own_go_too(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    code = (
        "import subprocess, sys, time, pathlib; "
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True); "
        f"pathlib.Path({str(note)!r}).write_text(str(p.pid)); time.sleep(60)"
    )

    def has_written() -> bool:
        return note.exists() and note.read_text().isdigit()

    with Supervisor([[python("parent", code, tmp_path, is_ready=has_written)]], data_dir=tmp_path) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)
    assert start_time(int(note.read_text())) is None


def test_the_log_of_the_last_start_is_kept_beside(tmp_path: Path) -> None:
    def run(word: str) -> None:
        once = python("job", f"print({word!r})", tmp_path, is_ready=lambda: False, final_exit_codes=frozenset({0}))
        with Supervisor([[once]], data_dir=tmp_path) as supervisor:
            assert supervisor.start(StopFlag(), deadline_s=20)

    run("first")
    run("second")

    assert (tmp_path / "logs" / "job.log").read_text() == "second\n"
    assert (tmp_path / "logs" / "job.log.1").read_text() == "first\n"


def test_after_kill_9_of_the_supervisor_the_nanny_stops_all_in_order(tmp_path: Path) -> None:
    with supervised(tmp_path) as supervisor:
        state = read_state(tmp_path / "run")
        supervisor.kill()
    assert state is not None

    pids = [state.nanny, *(process.pid for process in state.processes if process.pid)]
    await_true(lambda: all(start_time(pid) is None for pid in pids))
    assert story_of(tmp_path)[-2:] == ["job stopped", "server stopped"]


def test_a_nanny_that_was_killed_is_replaced(tmp_path: Path) -> None:
    with Supervisor([[polite("job", tmp_path)]], data_dir=tmp_path) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)
        first = read_state(tmp_path / "run")
        assert first is not None
        os.kill(first.nanny, signal.SIGKILL)

        def another_nanny() -> bool:
            now = read_state(tmp_path / "run")
            return now is not None and now.nanny != first.nanny

        watch_until(supervisor, another_nanny)


def test_a_lost_folder_does_not_keep_the_stack_from_stopping(tmp_path: Path) -> None:
    with Supervisor([[polite("job", tmp_path)]], data_dir=tmp_path) as supervisor:
        assert supervisor.start(StopFlag(), deadline_s=20)
        job = supervisor.pid_of("job")
        assert job is not None
        shutil.rmtree(tmp_path / "run")
    assert start_time(job) is None


def test_specs_hide_their_environment() -> None:
    spec = ProcessSpec(name="x", argv=("x",), env={"POSTGRES_PASSWORD": "hush"}, cwd=Path("/"))
    assert "hush" not in repr(spec)
