"""Errors as problem+json (RFC 9457): each says what was wrong and what to do."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from wickstream.binance.shapes import JSON
from wickstream.errors import StoreBusy, TooMuch, Unknowable
from wickstream.serve.front.middleware import SECURITY_HEADERS
from wickstream.serve.front.territory import is_drop_in

MEDIA_TYPE = "application/problem+json"

# Binance's codes for what a problem is called here; what is not listed is -1000, "unknown"
_CODES = {
    "too-many-requests": -1003,
    "bad-key": -2014,
    "key-needed": -2014,
    "key-refused": -2015,
    "busy": -1008,
    "took-too-long": -1007,
    "store-unavailable": -1001,
}


class Problem(Exception):
    """An answer that is an error: `detail` is the sentence a person can act on."""

    def __init__(self, status: int, kind: str, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind  # stable, for programs: "unknown-symbol"
        self.detail = detail
        self.facts = facts


def as_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """The problem as bytes; `facts` become members beside the standard ones."""
    body = {
        "type": f"urn:wickstream:problem:{problem.kind}",
        "title": problem.kind.replace("-", " ").capitalize(),
        "status": problem.status,
        "detail": problem.detail,
        **problem.facts,
    }
    return Response(msgspec.json.encode(body), problem.status, headers, MEDIA_TYPE)


def as_refusal(problem: Problem, path: str, headers: Mapping[str, str] | None = None) -> Response:
    """The problem in the language of the path."""
    if not is_drop_in(path):
        return as_response(problem, dict(headers or {}))
    body = {"code": _CODES.get(problem.kind, -1000), "msg": problem.detail}
    return Response(msgspec.json.encode(body), problem.status, headers, JSON)


async def _on_problem(_: Request, exc: Problem) -> Response:
    return as_response(exc)


async def _on_store_busy(_: Request, exc: StoreBusy) -> Response:
    wait_s = max(1, round(exc.retry_after_s))
    problem = Problem(503, "store-unavailable", f"{exc}; ask again in {wait_s} s")
    return as_response(problem, {"Retry-After": str(wait_s)})


async def _on_too_much(_: Request, exc: TooMuch) -> Response:
    return as_response(Problem(422, "too-much", str(exc)))


async def _on_unknowable(_: Request, exc: Unknowable) -> Response:
    return as_response(Problem(422, "unknowable", str(exc), parameter="as_known_at"))


async def _on_invalid(_: Request, exc: RequestValidationError) -> Response:
    first = exc.errors()[0]
    name = str(first["loc"][-1])
    reason = str(first["msg"]).removeprefix("Value error, ")
    return as_response(Problem(422, "bad-parameter", f"{name}: {reason}", parameter=name))


async def _on_http(request: Request, exc: HTTPException) -> Response:
    if exc.status_code == 404:
        problem = Problem(404, "not-found", f"nothing is served at {request.url.path}; /docs lists what is")
    elif exc.status_code == 405:
        problem = Problem(405, "method-not-allowed", f"{request.method} is not possible here; use GET")
    else:
        problem = Problem(exc.status_code, "refused", str(exc.detail))
    return as_refusal(problem, request.url.path, exc.headers)


async def _on_error(request: Request, _: Exception) -> Response:
    # answered outside all middleware, and raised again for the server to log
    problem = Problem(500, "internal-error", "this is our fault; the server's log says more")
    return as_refusal(problem, request.url.path, SECURITY_HEADERS)


def install(app: FastAPI) -> None:
    """Give every error of `app` this form."""
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
        Problem: _on_problem,
        StoreBusy: _on_store_busy,
        TooMuch: _on_too_much,
        Unknowable: _on_unknowable,
        RequestValidationError: _on_invalid,
        HTTPException: _on_http,
        Exception: _on_error,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
