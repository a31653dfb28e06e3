"""The live status line: redrawn every second on a terminal, a line every 10 s on a pipe."""

import threading
from contextlib import suppress
from typing import TextIO

from wickstream.config import Settings
from wickstream.operate.pulse import Pulse, take_pulse

TERMINAL_S = 1.0
PIPE_S = 10.0
STOP_S = 1.0  # an answer that is still awaited may hold up the end so long


class LiveLine:
    """Shows the pulse of the stack until it is stopped; a thread, because asking may take a while."""

    def __init__(self, settings: Settings, out: TextIO) -> None:
        self._settings = settings
        self._out = out
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._show, name="live-line", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; may be called whether it was started or not."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=STOP_S)

    def clear(self) -> None:
        """Make room for a line of somebody else's; the next look draws it again."""
        if self._thread.is_alive() and self._out.isatty():
            with suppress(OSError):
                self._out.write("\r\x1b[2K")
                self._out.flush()

    def _show(self) -> None:
        with suppress(OSError):  # whoever looked at it has gone
            self._draw_until_stopped()

    def _draw_until_stopped(self) -> None:
        is_terminal = self._out.isatty()
        pulse: Pulse | None = None
        while not self._stop.wait(TERMINAL_S if is_terminal or pulse is None else PIPE_S):
            pulse = take_pulse(self._settings, pulse)
            if not self._stop.is_set():
                self._draw(pulse.line(), is_terminal=is_terminal)
        if is_terminal:
            self._out.write("\n")

    def _draw(self, line: str, *, is_terminal: bool) -> None:
        self._out.write(f"\r\x1b[2K{line}" if is_terminal else f"{line}\n")
        self._out.flush()
