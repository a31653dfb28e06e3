import asyncio

import pytest

from tests.unit.serve.front.given_keys import a_key, key_text
from wickstream.serve.front import keys as module
from wickstream.serve.front.keys import BELIEVED_S, OFFERED_KEY, Keys, key_in
from wickstream.serve.live.handshake import SUBPROTOCOL
from wickstream.store.warm.api_keys import ApiKey


class Store:
    """Answers when it may, and counts."""

    def __init__(self) -> None:
        self.keys = dict([a_key("mine", "read")])
        self.asked = 0
        self.gate: asyncio.Event | None = None

    async def find(self, digest: bytes) -> ApiKey | None:
        self.asked += 1
        if self.gate:
            await self.gate.wait()
        return self.keys.get(digest)


@pytest.fixture
def store() -> Store:
    return Store()


def test_what_was_found_is_believed_for_four_seconds_and_what_was_not_too(store: Store) -> None:
    now_s = [0.0]
    keys = Keys(clock=lambda: now_s[0])

    async def ask_again_and_again() -> list[int]:
        counts = []
        for now_s[0] in (0.0, BELIEVED_S - 0.1, BELIEVED_S):
            for name in ("mine", "none"):
                await keys.look_up(key_text(name), store.find)
            counts.append(store.asked)
        return counts

    assert asyncio.run(ask_again_and_again()) == [2, 2, 4]


def test_what_cannot_be_a_key_is_asked_of_nobody(store: Store) -> None:
    keys = Keys()
    for text in ("", "secret", "wks_" + "x" * 500, "wks_\xe4"):
        assert asyncio.run(keys.look_up(text, store.find)) is None
    assert store.asked == 0


def test_a_request_that_is_given_up_takes_the_answer_from_nobody(store: Store) -> None:
    keys = Keys()

    async def give_up_one_of_two() -> ApiKey | None:
        store.gate = asyncio.Event()
        first, second = (asyncio.create_task(keys.look_up(key_text("mine"), store.find)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        store.gate.set()
        return await second

    found = asyncio.run(give_up_one_of_two())
    assert found is not None
    assert (found.key_id, store.asked) == ("mine", 1)


def test_the_memory_of_keys_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 10)
    keys = Keys()

    async def guess() -> None:
        for number in range(100):
            await keys.look_up(key_text(str(number)), store.find)

    asyncio.run(guess())
    assert len(keys._held) == 10


def test_binances_header_is_looked_at_on_v3_only() -> None:
    headers = [(b"x-mbx-apikey", b"wks_a")]
    assert key_in(headers, "/api/v3/klines") == "wks_a"
    assert key_in(headers, "/api/v1/market/realtime") is None
    assert key_in([(b"x-api-key", b"wks_b")], "/api/v1/market/realtime") == "wks_b"


@pytest.mark.parametrize("value", [b"", b"a-key-of-the-exchange"])
def test_a_key_of_the_exchange_is_none_of_ours_and_clients_send_it_with_every_question(value: bytes) -> None:
    assert key_in([(b"x-mbx-apikey", value)], "/api/v3/klines") is None
    assert key_in([(b"x-mbx-apikey", value), (b"x-api-key", b"wks_b")], "/api/v3/klines") == "wks_b"
    assert key_in([(b"x-api-key", value)], "/api/v3/klines") == value.decode()


OFFERED = b"sec-websocket-protocol"


@pytest.mark.parametrize(
    "offers",
    [
        [b"wickstream, wickstream.key.wks_a"],
        [b"wickstream.key.wks_a,wickstream"],
        [b"wickstream", b"chat \t,\twickstream.key.wks_a "],
        [b"wickstream.key.wks_a, wickstream.key.wks_b"],
    ],
)
def test_a_handshake_may_bring_its_key_as_a_subprotocol(offers: list[bytes]) -> None:
    assert OFFERED_KEY.startswith(SUBPROTOCOL)
    assert key_in([(OFFERED, offer) for offer in offers], "/ws") == "wks_a"


@pytest.mark.parametrize("offer", [b"", b"wickstream", b"binance, wickstream.keys", b"xwickstream.key.wks_a", b",,"])
def test_other_subprotocols_are_no_keys(offer: bytes) -> None:
    assert key_in([(OFFERED, offer)], "/ws") is None


def test_an_offered_key_is_looked_at_in_handshakes_only_and_where_no_header_has_one() -> None:
    offered = (OFFERED, b"wickstream, wickstream.key.wks_a")
    assert key_in([offered, (b"x-api-key", b"wks_b")], "/ws") == "wks_b"
    assert key_in([offered], "/api/v1/stream") is None
    assert key_in([offered], "/api/v3/klines") is None
