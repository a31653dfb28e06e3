"""`wickstream.live`: what is pushed, as our own records, through breaks and without losing a trade."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack

import aiohttp
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from wickstream.binance.rest import parse_trades
from wickstream.binance.streams import SUBSCRIBE, control_message, in_messages
from wickstream.errors import Mistake, WickstreamError
from wickstream.events import Alert, Trade
from wickstream.serve.live.client_events import Event, parse_event
from wickstream.store.retries import pause_s

PAGE = 1_000
FETCH_PAUSES_S = (0.5, 1.0, 2.0)  # what left the lane is archived some seconds later
SUBSCRIBE_PAUSE_S = 0.25  # five messages a second are allowed
LARGEST_BYTES = 4 * 1_024**2
KEPT_ALERTS = 10_000
KEY_HEADER = "X-API-Key"

Fetch = Callable[[str, int, int], Awaitable[Sequence[Trade]]]  # symbol, first id, how many

log = structlog.get_logger(__name__)


class Listening:
    """One iteration. `fetch` reads trades by id; the newest id of each symbol is what it goes on behind."""

    def __init__(
        self, url: str, streams: Sequence[str], *, key: str | None, after: Mapping[str, int], fetch: Fetch | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._streams = streams
        self._headers = {KEY_HEADER: key} if key else {}
        self._newest = dict(after)
        self._alerts: dict[str, None] = {}
        self._given_fetch = fetch

    async def events(self) -> AsyncIterator[Event]:
        """Until the iteration is left.

        Raises:
            Mistake: If the server refuses: no such address, no key, too many connections.
        """
        failures = 0
        async with AsyncExitStack() as stack:
            fetch = self._given_fetch or _fetch_from(
                self._url, await stack.enter_async_context(aiohttp.ClientSession(headers=self._headers))
            )
            while True:
                try:
                    async with self._connected() as socket:
                        await self._subscribe(socket)
                        async for message in socket:
                            failures = 0
                            async for event in self._heard(message, fetch):
                                yield event
                except (OSError, ConnectionClosed, InvalidHandshake) as exc:
                    _raise_if_final(exc)
                    log.info("live push is away", url=self._url, error=str(exc))
                failures += 1
                await asyncio.sleep(pause_s(failures))

    def _connected(self) -> connect:
        address = self._url.replace("http", "ws", 1) + "/stream"
        return connect(address, additional_headers=self._headers, max_size=LARGEST_BYTES, compression=None)

    async def _subscribe(self, socket: ClientConnection) -> None:
        for number, part in enumerate(in_messages(self._streams)):
            await asyncio.sleep(SUBSCRIBE_PAUSE_S if number else 0)
            await socket.send(control_message(SUBSCRIBE, part, request_id=number).decode())

    async def _heard(self, message: str | bytes, fetch: Fetch) -> AsyncIterator[Event]:
        event = parse_event(message.encode() if isinstance(message, str) else message)
        if isinstance(event, Trade):
            async for trade in self._in_order(event, fetch):
                yield trade
        elif event is not None and not (isinstance(event, Alert) and self._was_told(event)):
            yield event

    async def _in_order(self, trade: Trade, fetch: Fetch) -> AsyncIterator[Trade]:
        """The trades that lack before this one, then it; nothing if it was told."""
        newest = self._newest.get(trade.symbol)
        if newest is not None and trade.trade_id <= newest:
            return
        if newest is not None and trade.trade_id > newest + 1:
            async for missed in _between(trade.symbol, newest + 1, trade.trade_id - 1, fetch):
                self._newest[trade.symbol] = missed.trade_id
                yield missed
        self._newest[trade.symbol] = trade.trade_id
        yield trade

    def _was_told(self, alert: Alert) -> bool:
        was_told = alert.alert_id in self._alerts
        self._alerts[alert.alert_id] = None
        if len(self._alerts) > KEPT_ALERTS:
            del self._alerts[next(iter(self._alerts))]
        return was_told


async def _between(symbol: str, first: int, last: int, fetch: Fetch) -> AsyncIterator[Trade]:
    """Trades by id, both ends inclusive; those that the server does not have after some seconds are left out."""
    pauses = iter(FETCH_PAUSES_S)
    while first <= last:
        page = [trade for trade in await fetch(symbol, first, min(PAGE, last - first + 1)) if first <= trade.trade_id]
        for trade in page:
            if trade.trade_id <= last:
                yield trade
        if page:
            first = page[-1].trade_id + 1
        elif (wait_s := next(pauses, None)) is None:
            log.warning("trades are not to be had", symbol=symbol, first=first, last=last)
            return
        else:
            await asyncio.sleep(wait_s)


def _fetch_from(url: str, session: aiohttp.ClientSession) -> Fetch:
    async def fetch(symbol: str, first: int, count: int) -> Sequence[Trade]:
        wanted = {"symbol": symbol, "fromId": str(first), "limit": str(count)}
        try:
            async with session.get(f"{url}/api/v3/historicalTrades", params=wanted) as answer:
                answer.raise_for_status()
                return [trade for trade, _ in parse_trades(await answer.read(), symbol)]
        except (aiohttp.ClientError, TimeoutError, WickstreamError) as exc:
            log.info("trades are not read now", symbol=symbol, error=str(exc))
            return []

    return fetch


def _raise_if_final(exc: Exception) -> None:
    """A server that is away comes back; one that refuses goes on refusing."""
    if isinstance(exc, InvalidStatus) and 400 <= exc.response.status_code < 500:
        reason = (exc.response.body or b"").decode("utf-8", "replace").strip()
        raise Mistake(f"live push is refused ({exc.response.status_code}): {reason}") from exc
