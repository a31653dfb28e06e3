"""A supervisor in a session of its own, and the pipe by which it tells its starter how the start goes."""

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from wickstream.errors import EXIT_MISTAKE, Mistake, StartFailed
from wickstream.operate.supervision.child import SAID
from wickstream.operate.supervision.logfiles import last_lines, open_log, rotate

READY = "ready"


def start_detached(argv: Sequence[str], *, env: Mapping[str, str], data_dir: Path, say: Callable[[str], None]) -> None:
    """Start `argv --report-fd N` in its own session, relay what it says, and return once it is ready.

    Ctrl-C meanwhile ends the start, in order.

    Raises:
        Mistake, StartFailed: What the start failed with; nothing is left running.
    """
    log = data_dir / "logs" / "supervisor.log"
    _make_folder(log.parent)
    rotate(log)
    reader, writer = os.pipe()
    try:
        with open_log(log) as output:
            supervisor = subprocess.Popen(
                [*argv, f"--report-fd={writer}"],
                env=dict(env),
                pass_fds=(writer,),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    finally:
        os.close(writer)
    with os.fdopen(reader) as reports:
        _await_ready(supervisor, reports, log, say)


def report_to(fd: int) -> Callable[[str], None]:
    """The other end: how the detached supervisor speaks; nobody listening any more is no trouble."""

    def say(text: str) -> None:
        with suppress(OSError):
            os.write(fd, f"{text}\n".encode())

    return say


def _await_ready(
    supervisor: "subprocess.Popen[bytes]", reports: Iterable[str], log: Path, say: Callable[[str], None]
) -> None:
    try:
        for line in reports:
            if line.strip() == READY:
                supervisor.returncode = 0  # it lives on; Popen must not warn that nobody waited for it
                return
            say(line.rstrip("\n"))
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        raise
    _explain(supervisor.wait(), log)


def _explain(code: int, log: Path) -> NoReturn:
    words = last_lines(log)
    if code == EXIT_MISTAKE:
        raise Mistake(words.removeprefix(SAID))
    raise StartFailed(f"{words.removeprefix(SAID) or f'the supervisor ended with exit code {code}'} (log: {log})")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise Mistake(f"{folder} cannot be made ({exc.strerror}): choose another --data-dir") from exc
