"""The one-shot job, asked from here: a process of its own, gone when the answer is here or nobody waits for it."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import msgspec

from wickstream.config import Settings, child_environment
from wickstream.errors import WickstreamError
from wickstream.operate.recompute.halving import Halving
from wickstream.operate.recompute.question import Answer, Question
from wickstream.store.ledger.cases import Case

LONGEST_S = 3_600.0

Ask = Callable[[Question], Awaitable[list[Answer]]]


class RecomputeFailed(WickstreamError):
    """The job ended without an answer; its own words are on standard error."""


async def ask(settings: Settings, question: Question) -> list[Answer]:
    """One answer a case, in their order. Cancelled, or killed with its parent, the job leaves nothing behind.

    Raises:
        RecomputeFailed: If it ends without an answer.
    """
    folder = settings.data_dir / "work"
    folder.mkdir(parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "wickstream", "recompute"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=child_environment(settings) | {"MALLOC_ARENA_MAX": "2"},
        cwd=folder,
        start_new_session=True,  # a Ctrl-C is for us; the end of its standard input is enough for it
    )
    try:
        async with asyncio.timeout(LONGEST_S):
            return await _talk(process, question)
    except TimeoutError as exc:
        raise RecomputeFailed(f"no answer within {LONGEST_S:.0f} s") from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _talk(process: asyncio.subprocess.Process, question: Question) -> list[Answer]:
    if process.stdin is None or process.stdout is None:
        raise RecomputeFailed("no pipes")
    process.stdin.write(msgspec.json.encode(question) + b"\n")
    told = await process.stdout.read()
    return answers_in(told, code=await process.wait(), asked=len(question.cases))


async def ask_in_parts(
    cases: Sequence[Case], *, ask: Ask
) -> AsyncGenerator[tuple[Sequence[Case], list[Answer] | RecomputeFailed]]:
    """All cases at once, and in parts where a run fails; each part with its answers, else why it has none."""
    loop, why = asyncio.get_running_loop(), RecomputeFailed("nothing was asked")
    halving = Halving(len(cases), now_s=loop.time())
    while (part := halving.next(now_s=loop.time())) is not None:
        some = cases[part.start : part.stop]
        try:
            answers = await ask(Question(tuple(some)))
        except RecomputeFailed as exc:
            halving.failed(part)
            why = exc
        else:
            halving.answered()
            yield some, answers
    for part in halving.at_fault():
        yield cases[part.start : part.stop], why


def answers_in(told: bytes, *, code: int, asked: int) -> list[Answer]:
    """What the job wrote until it ended.

    Raises:
        RecomputeFailed: If it did not end well, or that is not an answer a case; killed, it stops within a line.
    """
    lines = told.splitlines()
    if code or len(lines) != asked:
        raise RecomputeFailed(f"exit code {code}, {len(lines)} of {asked} answers")
    try:
        return [msgspec.json.decode(line, type=Answer) for line in lines]
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise RecomputeFailed(f"an answer that is none: {exc}") from exc
