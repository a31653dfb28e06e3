"""Hot answers, from memory: one miss at a time by address, a lookup and two messages for everybody else."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wickstream.serve.front.hot_names import HotName, hot_name
from wickstream.serve.front.hot_store import Answer, HotStore
from wickstream.serve.front.shared import Shared, answer_of

OTHER_UNIT = b"x-mbx-time-unit"  # who sends it is answered in other words: by itself, and nobody else's answer


class HotAnswers:
    """Stands behind the gate: whoever comes here may have the answer, and it is the same for all."""

    def __init__(self, app: ASGIApp, *, store: HotStore) -> None:
        self._app = app
        self._store = store
        self._misses: Shared[tuple[HotName, int], Answer] = Shared()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self._app(scope, receive, send)
        name = hot_name(scope["path"], scope["query_string"])
        if name is None or any(header == OTHER_UNIT for header, _ in scope["headers"]):
            return await self._app(scope, receive, send)
        answer = self._store.find(name)
        if answer is None:
            generation = self._store.generation(name)
            answer = await answer_of(self._misses.ask((name, generation), lambda: self._ask(name, generation, scope)))
        if answer.route is not None:
            scope["route"] = answer.route
        await _send(answer, dict(scope["headers"]), send)

    async def _ask(self, name: HotName, generation: int, scope: Scope) -> Answer:
        asked_s = self._store.clock()
        inner = dict(scope)
        start: Message = {}
        pieces: list[bytes] = []

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                pieces.append(message.get("body", b""))

        await self._app(inner, _nothing_more, take)
        answer = Answer(start["status"], start.get("headers", ()), b"".join(pieces), inner.get("route"))
        answer.asked_s, answer.generation = asked_s, generation
        self._store.keep(name, answer)
        return answer


async def _nothing_more() -> Message:
    """No body, and a client that stays: others may wait for the same."""
    await asyncio.get_running_loop().create_future()
    return {"type": "http.disconnect"}


async def _send(answer: Answer, asked: dict[bytes, bytes], send: Send) -> None:
    reply = answer.reply(asked.get(b"if-none-match", b""), asked.get(b"accept-encoding", b""))
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": reply.body})
