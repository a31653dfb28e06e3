"""Where a recording is set down in time; decided once per data folder, so that a restart keeps ids and times."""

import os
from pathlib import Path

import msgspec

from wickstream.errors import Mistake
from wickstream.events import MINUTE_MS
from wickstream.exchange.local.market.recording import Recording, ReplayPlan


class Anchor(msgspec.Struct, frozen=True):
    """How far a recording is moved, and since when it plays."""

    recording: str  # its digest
    keep_times: bool
    demo: bool
    shift_ms: int  # whole minutes, so that minutes stay the same minutes
    started_at_ms: int


def decide(recording: Recording, plan: ReplayPlan, *, now_ms: int) -> Anchor:
    """At full speed the last frame lies in the current minute, else the first one within a minute before `now_ms`."""
    first, last = recording.first_ms, recording.last_ms
    if plan.keep_times and not plan.demo:
        shift = 0
    elif plan.speed is None:
        shift = (now_ms // MINUTE_MS - last // MINUTE_MS) * MINUTE_MS
    else:
        shift = (now_ms - first) // MINUTE_MS * MINUTE_MS
    return Anchor(recording.digest, plan.keep_times, plan.demo, shift, now_ms)


def keep(file: Path, recording: Recording, plan: ReplayPlan, *, now_ms: int) -> Anchor:
    """The anchor in `file` if it is this recording's, else a new one, written there.

    Raises:
        Mistake: If the file cannot be read or written.
    """
    try:
        known = _read(file)
        wanted = (recording.digest, plan.keep_times, plan.demo)
        if known and (known.recording, known.keep_times, known.demo) == wanted:
            return known
        anchor = decide(recording, plan, now_ms=now_ms)
        _write(file, anchor)
    except OSError as exc:
        raise Mistake(f"{file}: {exc.strerror}; give another --data-dir") from exc
    return anchor


def _read(file: Path) -> Anchor | None:
    if not file.exists():
        return None
    try:
        return msgspec.json.decode(file.read_bytes(), type=Anchor)
    except msgspec.DecodeError as exc:
        raise Mistake(f"{file}: damaged ({exc}); remove it to set the recording down anew") from exc


def _write(file: Path, anchor: Anchor) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    with draft.open("wb") as stream:
        stream.write(msgspec.json.encode(anchor))
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
