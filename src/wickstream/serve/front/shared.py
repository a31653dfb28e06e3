"""One question at a time by name: who asks the same meanwhile waits with it; who gives up takes it from nobody."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Answer = TypeVar("Answer")


class Shared(Generic[Name, Answer]):
    """Questions under way. None is ever cancelled: a store's answer to it must not be left for the next who asks."""

    def __init__(self) -> None:
        self._asked: dict[Name, asyncio.Task[Answer]] = {}

    def ask(self, name: Name, question: Callable[[], Coroutine[Any, Any, Answer]]) -> "asyncio.Task[Answer]":
        """The task of that name, begun if there is none. Await it by `answer_of` or `asyncio.wait`."""
        task = self._asked.get(name)
        if task is None:
            task = self._asked[name] = asyncio.create_task(question())
            task.add_done_callback(lambda done: self._forget(name, done))
        return task

    def _forget(self, name: Name, done: "asyncio.Task[Answer]") -> None:
        del self._asked[name]
        if not done.cancelled():
            done.exception()  # may be nobody's any more

    async def finish(self) -> None:
        """Wait for all that were asked."""
        if self._asked:
            await asyncio.wait(list(self._asked.values()))


async def answer_of(task: "asyncio.Task[Answer]") -> Answer:
    """Its result or its error; the task goes on if the caller is cancelled."""
    await asyncio.wait({task})
    return task.result()
