"""How `/api/v3` is spoken: the exchange's errors, headers and units around what an endpoint answers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from fastapi import Request
from fastapi.responses import Response

from wickstream.binance import questions
from wickstream.binance.microseconds import in_microseconds
from wickstream.binance.shapes import JSON, ApiError
from wickstream.config import Settings
from wickstream.errors import StoreBusy, TooMuch
from wickstream.serve.reader import Reader

COMPLETE = "X-Wickstream-Complete"


@dataclass(frozen=True)
class Asked:
    """A question, and who can answer it."""

    query: Mapping[str, str]
    reader: Reader
    settings: Settings

    async def symbol(self) -> str:
        """The mandatory `symbol`; one that is followed."""
        (name,) = await self._followed([questions.symbol(self.query)])
        return name

    async def symbols(self) -> list[str] | None:
        """Those that `symbol` or `symbols` name, all of them followed; None: neither was sent."""
        names = questions.symbol_list(self.query)
        return None if names is None else await self._followed(names)

    async def _followed(self, names: list[str]) -> list[str]:
        own = self.settings.named_symbols  # which need no question, and no tier that is up
        if not all(name in own for name in names):
            known = await self.reader.known_symbols()
            if not all(name in known for name in names):
                raise ApiError(-1121, "Invalid symbol.")
        return names


@dataclass(frozen=True)
class Said:
    """An answer; `complete`: nothing of what was asked for lacks in our stores. None: that is no question here."""

    body: object
    complete: bool | None = None


Answer = Callable[[Asked], Awaitable[Said]]


@dataclass(frozen=True)
class Endpoint:
    """One of the exchange's endpoints.

    Attributes:
        name: behind `/api/v3/`.
        parameters: all it takes; others are refused.
    """

    name: str
    answer: Answer
    parameters: Sequence[str] = ()


def handler(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """What serves it."""

    async def handle(request: Request) -> Response:
        try:
            query = questions.parameters(request.scope["query_string"].decode("latin-1"), endpoint.parameters)
            said = await endpoint.answer(Asked(query, request.app.state.reader, request.app.state.settings))
        except (ApiError, StoreBusy, TooMuch) as exc:
            return refusal(_as_the_exchange_says(exc))
        return _answer(said, is_in_microseconds=request.headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND")

    return handle


def _answer(said: Said, *, is_in_microseconds: bool) -> Response:
    headers = {"Content-Type": JSON}
    if said.complete is not None:
        headers[COMPLETE] = "true" if said.complete else "false"
    return Response(
        msgspec.json.encode(in_microseconds(said.body) if is_in_microseconds else said.body), headers=headers
    )


def refusal(error: ApiError) -> Response:
    """The error as the exchange writes one."""
    retry = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    return Response(msgspec.json.encode(error.body), error.status, {"Content-Type": JSON, **retry})


def _as_the_exchange_says(exc: ApiError | StoreBusy | TooMuch) -> ApiError:
    if isinstance(exc, ApiError):
        return exc
    if isinstance(exc, TooMuch):
        return ApiError(-1127, f"Lookup interval is too big. {exc}")
    return unanswered(str(exc), retry_after_s=max(1, round(exc.retry_after_s)))


def unanswered(why: str, *, retry_after_s: int = 1) -> ApiError:
    """What may be answered a moment later."""
    message = f"Internal error; unable to process your request. Please try again. ({why})"
    return ApiError(-1001, message, status=503, retry_after_s=retry_after_s)
