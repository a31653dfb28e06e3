"""GET towards the exchange's REST hosts: one weight budget and one silence for all, a closed door for each."""

import asyncio
import time
from collections.abc import Iterable, Mapping

import aiohttp
import msgspec

from wickstream.errors import ExchangeError, FeedLost, MalformedFrame, RateLimited, Refused
from wickstream.exchange.rest.weight import WeightBudget

TIMEOUT_S = 12.0  # the exchange gives up after 10 s by itself
BODY_LIMIT = 32 * 1024 * 1024  # exchangeInfo of the whole market is about 15 MB
SILENCE_S = 60.0  # where a 429 does not say how long
CLOSED_S = 300.0
SHUT_OUT = frozenset({403, 451})  # the whole host, for where we are: not this one question
ELSEWHERE = SHUT_OUT | {404}  # another host may have it

Params = Mapping[str, str | int]


class _ErrorBody(msgspec.Struct):
    code: int | None = None
    msg: str = ""


class Doors:
    """Who may be asked. Pure: the process clock is an argument."""

    def __init__(self) -> None:
        self._silent_until_s = 0.0
        self._closed: dict[str, tuple[float, Refused]] = {}

    def silence(self, for_s: float, *, now_s: float) -> None:
        """The address is to be silent, towards every host."""
        self._silent_until_s = max(self._silent_until_s, now_s + for_s)

    def close(self, host: str, refusal: Refused, *, now_s: float) -> None:
        """A host does not want us: asking again soon would only make it worse."""
        self._closed[host] = (now_s + CLOSED_S, refusal)

    def silent_s(self, *, now_s: float) -> float:
        """How long nothing may be asked; 0 or less: ask."""
        return self._silent_until_s - now_s

    def refusal(self, host: str, *, now_s: float) -> Refused | None:
        """What a host said when it closed its door, while that is closed."""
        until_s, refusal = self._closed.get(host, (0.0, None))
        return refusal if now_s < until_s else None


class RestHosts:
    """One session; errors are told apart by what to do about them."""

    def __init__(self, budget: WeightBudget) -> None:
        self.budget = budget
        self._doors = Doors()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()

    async def get(self, hosts: Iterable[str], path: str, params: Params, *, weight: int) -> bytes:
        """The answer of the first host that gives one.

        Raises:
            Refused: If each of them refuses.
            FeedLost: If a host that may have it does not answer.
            RateLimited: If nothing may be asked now.
            MalformedFrame: If the answer is too large.
        """
        refused: Refused | None = None
        for host in dict.fromkeys(hosts):
            try:
                return await self._ask(host, path, params, weight)
            except Refused as exc:
                if exc.status not in ELSEWHERE:
                    raise
                refused = exc
        raise refused or Refused(f"{path}: no host", status=404)

    async def _ask(self, host: str, path: str, params: Params, weight: int) -> bytes:
        if (closed := self._doors.refusal(host, now_s=time.monotonic())) is not None:
            raise Refused(str(closed), status=closed.status, code=closed.code)
        await self._wait_for_turn(weight)
        try:
            async with self._session.get(host + path, params=params) as answer:
                self._observe(answer)
                body = await _body(answer)
        except (TimeoutError, aiohttp.ClientError, OSError) as exc:
            raise FeedLost(f"{host}{path}: {exc or type(exc).__name__}") from exc
        if answer.status != 200:
            raise self._failure(host, answer, body)
        return body

    async def _wait_for_turn(self, weight: int) -> None:
        """Each time anew: while we waited for the minute's turn, another question may have been answered with a ban."""
        while True:
            silent_s = self._doors.silent_s(now_s=time.monotonic())
            if silent_s > 0:
                raise RateLimited("the exchange asked us to be silent", retry_after_s=silent_s)
            wait_s = self.budget.reserve(weight, now_s=time.time())
            if wait_s <= 0:
                return
            await asyncio.sleep(wait_s)

    def _observe(self, answer: aiohttp.ClientResponse) -> None:
        """Before the body: who waits for a turn must know at once."""
        used = answer.headers.get("X-MBX-USED-WEIGHT-1M", "")
        if used.isdigit():
            self.budget.observe(int(used), now_s=time.time())
        if answer.status in {418, 429}:
            self._doors.silence(_retry_after_s(answer), now_s=time.monotonic())

    def _failure(self, host: str, answer: aiohttp.ClientResponse, body: bytes) -> ExchangeError:
        where = f"{answer.url.origin()}{answer.url.path}: HTTP {answer.status}"
        if answer.status in {418, 429}:
            return RateLimited(where, retry_after_s=_retry_after_s(answer))
        if answer.status >= 500:
            return FeedLost(where)
        try:
            said = msgspec.json.decode(body, type=_ErrorBody)
        except (msgspec.DecodeError, UnicodeDecodeError):  # a proxy's page
            said = _ErrorBody()
        refusal = Refused(f"{where} {said.msg}".strip(), status=answer.status, code=said.code)
        if answer.status in SHUT_OUT:
            self._doors.close(host, refusal, now_s=time.monotonic())
        return refusal


def _retry_after_s(answer: aiohttp.ClientResponse) -> float:
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isdigit() else SILENCE_S


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise MalformedFrame(f"an answer of more than {BODY_LIMIT} bytes")
    return bytes(body)
