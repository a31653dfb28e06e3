"""Whether a visitor may listen: the gate of connections that are no requests."""

from websockets.datastructures import Headers

from wickstream.serve.front.admission import Admission, cost_of
from wickstream.serve.front.gate import too_many
from wickstream.serve.front.keys import Find
from wickstream.serve.front.territory import SOCKET
from wickstream.serve.front.visitors import Visitor
from wickstream.serve.live.handshake import MayListen, Refusal
from wickstream.serve.problems import Problem


def listeners_gate(admission: Admission, find: Find) -> MayListen:
    """A handshake takes as much of the minute as a request, and needs the same key as a stream over HTTP."""

    async def may_listen(visitor: Visitor, headers: Headers) -> Refusal | None:
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.raw_items()]
        cost = cost_of(SOCKET, "")
        if cost is None:
            return None
        try:
            standing = await admission.admit(visitor, pairs, SOCKET, cost, find)
            if standing and not standing.accepted:
                raise too_many(standing)
        except Problem as problem:
            return Refusal(problem.status, problem.detail)
        return None

    return may_listen
