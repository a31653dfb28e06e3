"""Steps that ask the exchange, done again when it does not answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from wickstream.errors import ExchangeError, RateLimited

log = structlog.get_logger()

FAILED_S = 1.0

Answer = TypeVar("Answer")
Step = Callable[[], Awaitable[None]]


async def insist(step: Step) -> None:
    """One step; where the exchange does not answer, a line in the log and a while of silence instead."""
    try:
        await step()
    except RateLimited as exc:
        log.warning("the exchange asks for silence", retry_after_s=exc.retry_after_s)
        await asyncio.sleep(exc.retry_after_s)
    except ExchangeError as exc:
        log.warning("REST failed", reason=str(exc))
        await asyncio.sleep(FAILED_S)


async def until_answered(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """The same question, as often as it takes."""
    answers: list[Answer] = []

    async def step() -> None:
        answers.append(await ask())

    while not answers:
        await insist(step)
    return answers[0]


async def every(pause_s: float, step: Step) -> None:
    """The step, a pause, and again, until cancelled."""
    while True:
        await insist(step)
        await asyncio.sleep(pause_s)
