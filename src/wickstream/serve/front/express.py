"""Hot answers without an application: whoever needs nothing but what is held here is answered as soon as the head came.

What is said is what the application would say (`tests/stack/serve/front/test_express.py` compares them). All that needs
a second look goes there: keys, other origins, questions that nobody has asked lately, tokens that are not leased.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from time import perf_counter
from typing import NamedTuple
from urllib.parse import unquote

import httptools

from wickstream.api_settings import Network
from wickstream.serve.front.admission import Admission, Cost, cost_of
from wickstream.serve.front.doorstep import BODIES, MOST_HEADERS
from wickstream.serve.front.gate import headers_of
from wickstream.serve.front.hot_answers import OTHER_UNIT
from wickstream.serve.front.hot_names import LONGEST_QUERY, HotName, hot_name
from wickstream.serve.front.hot_store import HotStore, lines_of
from wickstream.serve.front.keys import KEY_HEADERS
from wickstream.serve.front.middleware import meter
from wickstream.serve.front.visitors import FORWARDED_HEADERS, visitor_of

MOST_ADDRESSES = 4_096  # whose meaning is remembered: of questions, and of visitors
LONGEST_TARGET = 100 + LONGEST_QUERY
LONGEST_FORWARDED = 200  # of one header: what is remembered is bounded in bytes too

Headers = Sequence[tuple[bytes, bytes]]

_KNOWN, _ACCEPTED = b"if-none-match", b"accept-encoding"
_TO_BE_LOOKED_AT = frozenset({*KEY_HEADERS, *BODIES, OTHER_UNIT, b"origin", b"expect"})
_READ = _TO_BE_LOOKED_AT | {_KNOWN, _ACCEPTED}


class Express:
    """Stands before the application, with its store of answers and its counts."""

    def __init__(self, store: HotStore, admission: Admission, *, trusted: Sequence[Network]) -> None:
        self._store = store
        self._admission = admission
        self._visitor = lru_cache(maxsize=MOST_ADDRESSES)(partial(visitor_of, trusted=trusted))

    def answer(self, target: bytes, headers: Headers, peer: str | None) -> tuple[bytes, bytes] | None:
        """Head and body for a GET, the head still open for more lines; None: ask the application."""
        began_s = perf_counter()
        if len(target) > LONGEST_TARGET or len(headers) > MOST_HEADERS or (question := question_of(target)) is None:
            return None
        answer = self._store.find(question.name)
        if answer is None:
            return None
        told = {name: value for name, value in headers if name in _READ}
        if not _TO_BE_LOOKED_AT.isdisjoint(told):
            return None
        forwarded = tuple(header for header in headers if header[0] in FORWARDED_HEADERS)
        if any(len(value) > LONGEST_FORWARDED for _, value in forwarded) or len(forwarded) > len(FORWARDED_HEADERS):
            return None
        may_pass, standing = True, None
        if question.cost:
            may_pass, standing = self._admission.admit_at_once(self._visitor(peer, forwarded), question.cost)
        if not may_pass:
            return None
        reply = answer.reply(told.get(_KNOWN, b""), told.get(_ACCEPTED, b""))
        counted = lines_of(headers_of(standing, question.cost)) if standing and question.cost else b""
        meter(answer.route, reply.status, perf_counter() - began_s)
        return reply.head + counted, reply.body


class Question(NamedTuple):
    """What an address asks, and what that takes of whose minute."""

    name: HotName
    cost: Cost | None


@lru_cache(maxsize=MOST_ADDRESSES)
def question_of(target: bytes) -> Question | None:
    """What stands in the first line of a request, understood as the server understands it; None: nothing hot."""
    try:
        url = httptools.parse_url(target)
        path = unquote(url.path.decode("ascii"))
    except (httptools.HttpParserInvalidURLError, UnicodeDecodeError, AttributeError):  # the last: it has no path
        return None
    query = url.query or b""
    name = hot_name(path, query)
    return name and Question(name, cost_of(path, query.decode("latin-1")))
