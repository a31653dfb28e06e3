"""The supervisor's end of the nanny: tell it of each process, and start it again should it die."""

import os
import subprocess
import sys
from pathlib import Path

from wickstream.operate.supervision import nanny
from wickstream.operate.supervision.nanny import Entry


class Guard:
    """A nanny and the pipe to it, whose write end no child inherits."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._start()

    def watch(self, entry: Entry) -> None:
        """Have this process stopped if the supervisor dies."""
        self._entries[entry[0]] = entry
        self._tell(entry)

    def forget(self, pid: int) -> None:
        """The process has ended and nothing of its group is left."""
        entry = self._entries.pop(pid, None)
        if entry:
            self._tell((entry[0], entry[1], 0))

    def mend(self) -> None:
        """Start another nanny if this one was killed; cheap, to be called now and then."""
        if self._nanny.poll() is not None:
            os.close(self._pipe)
            self._start()

    def close(self) -> None:
        """Let the nanny go; it stops what it still knows of."""
        os.close(self._pipe)
        self._nanny.wait()

    @property
    def pid(self) -> int:
        """The nanny's."""
        return self._nanny.pid

    def _start(self) -> None:
        reader, self._pipe = os.pipe()
        argv = [sys.executable, "-I", "-S", str(Path(nanny.__file__)), str(reader)]
        quiet = subprocess.DEVNULL
        self._nanny = subprocess.Popen(
            argv, pass_fds=(reader,), stdin=quiet, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True
        )
        os.close(reader)
        for entry in self._entries.values():
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        try:
            os.write(self._pipe, "{} {} {}\n".format(*entry).encode())
        except BrokenPipeError:
            return  # it was killed; mend() tells its successor
