"""The express lane counts as everybody does: with the limiter on, behind a proxy, on leases of a real Redis."""

from collections import Counter

import httpx
import pytest

from tests.scripted_source import ScriptedSource
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.config import Settings
from wickstream.serve.app import build_app
from wickstream.serve.front.express import Express

pytestmark = pytest.mark.stack

LIMIT, MORE = 1_000, 50
KLINES = "/api/v1/analytics/klines/BTCUSDT?interval=1m&limit=10"


def test_most_are_answered_at_once_and_none_beyond_the_limit(redis: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, at_once = Express.answer, Counter[bool]()

    def counted(self: Express, target: bytes, headers: list[tuple[bytes, bytes]], peer: str | None) -> object:
        found = answer(self, target, headers, peer)
        at_once[found is not None] += 1
        return found

    monkeypatch.setattr(Express, "answer", counted)
    own = {"rate_limit_per_minute": LIMIT, "trusted_proxies": ("127.0.0.1",), "source": "demo"}
    app = build_app(redis.model_copy(update=own), open_reader=FakeTiers().opened, open_source=ScriptedSource().opened)
    headers = {"X-Forwarded-For": "203.0.113.77"}
    with served(app) as address, httpx.Client(base_url=address, trust_env=False, headers=headers) as client:
        answers = [client.get(KLINES) for _ in range(LIMIT + MORE)]

    assert [each.status_code for each in answers] == [200] * LIMIT + [429] * MORE
    left = [int(each.headers["x-ratelimit-remaining"]) for each in answers]
    assert left == [*range(LIMIT - 1, -1, -1), *[0] * MORE]
    assert at_once[True] > LIMIT * 0.9
