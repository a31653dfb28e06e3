"""Who may pass: keys and minutes, for requests and for the handshakes of live push."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from wickstream.binance.weights import weight_of
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.serve.front.keys import Find, Keys, key_in, key_needed, refusal, unknown_for_now
from wickstream.serve.front.limits import Limits, Standing
from wickstream.serve.front.territory import Scope, is_drop_in, scope_of
from wickstream.serve.front.visitors import Visitor
from wickstream.store.warm.api_keys import ApiKey

Headers = Sequence[tuple[bytes, bytes]]


class Cost(NamedTuple):
    """What a request takes of which minute."""

    minute: str  # "v1" or "v3"
    tokens: int


def cost_of(path: str, query: str) -> Cost | None:
    """None: nothing, for the page, its documentation, and what orchestrators ask."""
    if is_drop_in(path):
        return Cost("v3", weight_of(path, query))
    return Cost("v1", 1) if scope_of(path) else None


class Admission:
    """Looks at keys, and counts."""

    def __init__(self, settings: Settings, limits: Limits, keys: Keys) -> None:
        self._limits = limits
        self._keys = keys
        self._needs_key = settings.needs_keys
        self._limits_of = {"v1": settings.rate_limit_per_minute, "v3": settings.rate_limit_weight}
        self._spares_loopback = settings.spares_loopback

    async def admit(self, visitor: Visitor, headers: Headers, path: str, cost: Cost, find: Find) -> Standing | None:
        """How the visitor, or the key, stands, accepted or not; None: nothing is counted.

        Raises:
            Problem: If its key does not open this, or there is none where one is needed.
        """
        key = key_in(headers, path)
        if key is None:
            if self._needs_key:
                raise key_needed()
            return await self._stand(visitor, cost)
        if not self._keys.holds(key):  # each question to PostgreSQL is the visitor's, lest keys be guessed for nothing
            standing = await self._stand(visitor, cost)
            if standing and not standing.accepted:
                return standing
        return await self._stand(visitor, cost, await self._good_key(key, path, find))

    def admit_at_once(self, visitor: Visitor, cost: Cost) -> tuple[bool, Standing | None]:
        """As `admit` for who brings no key, where nobody has to be asked; False: somebody has."""
        if self._needs_key:
            return False, None
        if self._is_spared(visitor):
            return True, self._note(visitor, cost)
        limit = self._limits_of[cost.minute]
        standing = self._limits.take_held(_name(visitor, cost, None), limit=limit, cost=cost.tokens)
        return standing is not None, standing

    async def _good_key(self, key: str, path: str, find: Find) -> ApiKey:
        try:
            found = await self._keys.look_up(key, find)
        except StoreBusy as exc:
            raise unknown_for_now(exc) from exc
        problem = refusal(found, scope_of(path) or Scope.READ, now_ms=time.time_ns() // 1_000_000)
        if problem or found is None:
            raise problem or key_needed()
        return found

    async def _stand(self, visitor: Visitor, cost: Cost, key: ApiKey | None = None) -> Standing | None:
        own_limit = key and key.per_minute
        if not own_limit and self._is_spared(visitor):
            return self._note(visitor, cost, key)
        limit = own_limit or self._limits_of[cost.minute]
        return await self._limits.take(_name(visitor, cost, key), limit=limit, cost=cost.tokens)

    def _is_spared(self, visitor: Visitor) -> bool:
        return visitor.is_local and self._spares_loopback

    def _note(self, visitor: Visitor, cost: Cost, key: ApiKey | None = None) -> Standing | None:
        """Clients of Binance's look at the weight they used, whether it is limited or not."""
        if cost.minute != "v3":
            return None
        name = f"{_name(visitor, cost, key)}:unlimited"
        return self._limits.note(name, limit=self._limits_of[cost.minute], cost=cost.tokens)


def _name(visitor: Visitor, cost: Cost, key: ApiKey | None) -> str:
    """Whose minute it is."""
    return f"{cost.minute}:{f'key:{key.key_id}' if key else visitor.name}"
