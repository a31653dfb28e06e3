import io
import time
from pathlib import Path

from wickstream.cli.live import LiveLine
from wickstream.config import read_settings


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown_on(out: io.StringIO, folder: Path, port_base: int) -> str:
    live = LiveLine(read_settings(data_dir=folder, port_base=port_base), out)
    live.start()
    deadline = time.monotonic() + 10
    while "trades/s" not in out.getvalue():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    live.stop()
    return out.getvalue()


def test_on_a_terminal_the_line_is_redrawn(tmp_path: Path, port_base: int) -> None:
    shown = shown_on(Terminal(), tmp_path, port_base)

    assert shown.startswith("\r\x1b[2Kunknown symbols")
    assert shown.endswith("\n")


def test_on_a_pipe_lines_are_plain(tmp_path: Path, port_base: int) -> None:
    shown = shown_on(io.StringIO(), tmp_path, port_base)

    assert shown.startswith("unknown symbols")
    assert "\x1b" not in shown


def test_a_line_that_was_never_started_may_be_stopped(tmp_path: Path) -> None:
    LiveLine(read_settings(data_dir=tmp_path), io.StringIO()).stop()
