"""`/api/v1/stream`: the same streams as server-sent events, for pages: who comes back is sent what it missed."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from wickstream.metrics import LIVE_CLOSED
from wickstream.serve.front.visitors import Visitor, visitor_of
from wickstream.serve.live.cursor import Cursor
from wickstream.serve.live.live import Live
from wickstream.serve.live.messages import Message, server_sent
from wickstream.serve.live.names import parse_stream
from wickstream.serve.live.outbox import Outbox
from wickstream.serve.live.resuming import missed
from wickstream.serve.problems import Problem, as_response
from wickstream.serve.reader import Reader, ReaderDep
from wickstream.serve.v1.examples import PROBLEMS
from wickstream.serve.v1.parameters import refuse_unknown

MEDIA_TYPE = "text/event-stream"
MOST_STREAMS = 200
RETRY = b"retry: 1000\n\n"
HEARTBEAT = b": still here\n\n"
HEARTBEAT_S = 15.0

router = APIRouter(tags=["live"], dependencies=[Depends(refuse_unknown)])

EXAMPLE = {
    "description": "Events, until one side ends it: `data` is what `/stream?streams=` sends on a WebSocket.",
    "content": {
        MEDIA_TYPE: {
            "schema": {"type": "string"},
            "example": 'data: {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161600001,"s":"BTCUSDT",'
            '"t":3735692997,"p":"61686.00000000","q":"0.00014000","T":1723161600000,"m":false,"M":true}}\n\n'
            "id: btcusdt@trade=3735692997\n\n",
        }
    },
}

StreamsQuery = Annotated[
    str,
    Query(
        min_length=1,
        max_length=8_000,
        description="Names with `/` between them, as Binance has them; also `!alerts`.",
        examples=["btcusdt@trade/ethusdt@kline_1m"],
    ),
]


@router.get(
    "/api/v1/stream",
    operation_id="getStream",
    summary="Live push as server-sent events",
    response_class=Response,
    responses={200: EXAMPLE, **PROBLEMS},
)
async def stream(
    request: Request,
    reader: ReaderDep,
    streams: StreamsQuery,
    last_event_id: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """`<symbol>@trade`, `@ticker`, `@miniTicker`, `@kline_<interval>`, `!miniTicker@arr`, `!alerts`. Trades and alerts
    come each once and in order; of the rest the newest, at once for who begins. An `EventSource` that comes back is
    sent the trades (10,000 of a stream) and alerts it missed; after a break a few may come again. Who does not read is
    closed.
    """
    live: Live = request.state.live
    names = list(dict.fromkeys(streams.split("/")))
    await _refuse_unknown_streams(names, reader)
    headers = request.scope["headers"]
    client = request.client.host if request.client else None
    return EventStream(live, reader, names, Cursor(last_event_id), visitor_of(client, headers, live.trusted))


async def _refuse_unknown_streams(names: Sequence[str], reader: Reader) -> None:
    if len(names) > MOST_STREAMS:
        raise Problem(
            422, "too-many-streams", f"{len(names)} streams are too many; {MOST_STREAMS} fit", parameter="streams"
        )
    known = await reader.known_symbols()
    for name in names:
        parsed = parse_stream(name)
        if parsed is None or (parsed.symbol is not None and parsed.symbol not in known):
            detail = f"no stream {name[:60]!r}; there are <symbol in lower case>@trade, @ticker, @miniTicker, "
            detail += "@kline_<interval> of the symbols of /api/v1/market/realtime, !miniTicker@arr and !alerts"
            raise Problem(404, "unknown-stream", detail, parameter="streams")


class EventStream(Response):
    """Subscribed while it is being sent."""

    media_type = MEDIA_TYPE

    def __init__(self, live: Live, reader: Reader, names: Sequence[str], cursor: Cursor, visitor: Visitor) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._live = live
        self._reader = reader
        self._names = names
        self._cursor = cursor
        self._visitor = visitor
        self._outbox = Outbox()
        self._filled = asyncio.Event()

    def deliver(self, wire: bytes, messages: Sequence[Message]) -> None:
        """Into the outbox; the size of what waits ends who is too far behind."""
        for message in messages:
            self._outbox.add(message)
        self._filled.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._live.door.enter(self._visitor)
        if refusal:
            answer = as_response(Problem(refusal.status, "too-many-subscribers", refusal.reason))
            return await answer(scope, receive, send)
        gone = asyncio.create_task(_until_gone(receive))
        writing = asyncio.create_task(self._write(send))
        try:
            await asyncio.wait([gone, writing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._live.hub.unsubscribe(self)
            self._live.door.leave(self._visitor)
            for task in (gone, writing):
                task.cancel()
            await asyncio.gather(gone, writing, return_exceptions=True)

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            await self._say(send, RETRY)
            self._live.hub.subscribe(self, self._names, server_sent)  # what comes while the missed is read, waits
            messages, untold = await missed(self._reader, self._live.feed.alerts.items(), self._cursor, self._names)
            begin = self._body(messages)
            begin += b"".join(b": what was missed of %b cannot be told\n\n" % stream.encode() for stream in untold)
            await self._say(send, begin)
            while True:
                await self._say(send, await self._next())
        except TimeoutError:
            LIVE_CLOSED.labels("slow").inc()

    async def _next(self) -> bytes:
        """What waits; or, when nothing has come for a while, a comment."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self._filled.wait()
        except TimeoutError:
            return HEARTBEAT
        self._filled.clear()
        if self._outbox.size_bytes > self._live.rules.outbox_bytes:
            raise TimeoutError
        return self._body([message for message in self._outbox.take() if not self._cursor.has_heard(message)])

    def _body(self, messages: Sequence[Message]) -> bytes:
        """Events, and behind them how far they go: what a break swallows comes again."""
        end = b"id: %b\n\n" % str(self._cursor).encode() if self._cursor.move(messages) else b""
        return b"".join([message.on(server_sent) for message in messages]) + end

    async def _say(self, send: Send, body: bytes) -> None:
        """Raises TimeoutError if the client does not read."""
        async with asyncio.timeout(self._live.rules.slow_s):
            await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
