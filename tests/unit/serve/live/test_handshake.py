from collections.abc import Sequence

import pytest
from websockets.datastructures import Headers
from websockets.typing import Subprotocol

from wickstream.serve.front.visitors import Visitor
from wickstream.serve.live.handshake import Door, Refusal, Wish, is_page_of_ours, offers_tokens, spoken, wish_of

HERE = Visitor("127.0.0.1", is_local=True)
ONE, OTHER = Visitor("192.0.2.1", is_local=False), Visitor("192.0.2.2", is_local=False)


@pytest.mark.parametrize(
    ("target", "wish"),
    [
        ("/ws", Wish([], is_combined=False)),
        ("/ws/", Wish([], is_combined=False)),
        ("/ws/btcusdt@trade", Wish(["btcusdt@trade"], is_combined=False)),
        ("/ws/btcusdt%40trade/!alerts", Wish(["btcusdt@trade", "!alerts"], is_combined=False)),
        ("/ws/%E8%BF%99@trade", Wish(["这@trade"], is_combined=False)),
        ("/ws/a@trade?timeUnit=MICROSECOND", Wish(["a@trade"], is_combined=False)),
        ("/stream", Wish([], is_combined=True)),
        ("/stream?streams=a@trade/b@ticker", Wish(["a@trade", "b@ticker"], is_combined=True)),
        ("/stream?streams=a%40trade%2Fb@ticker&x=1", Wish(["a@trade", "b@ticker"], is_combined=True)),
    ],
)
def test_streams_are_read_from_the_url(target: str, wish: Wish) -> None:
    assert wish_of(target, 1_024) == wish


@pytest.mark.parametrize("target", ["", "/", "/wsx", "/stream/a@trade", "//ws", "/api/v1/stream", "//[", "/%ff"])
def test_nothing_else_is_served(target: str) -> None:
    refused = wish_of(target, 1_024)
    assert isinstance(refused, Refusal)
    assert refused.status == 404


@pytest.mark.parametrize(
    ("origins", "is_allowed"),
    [
        ([], True),
        (["http://here.example:8000"], True),
        (["https://HERE.example:8000"], True),
        (["http://here.example"], False),
        (["https://elsewhere.example"], False),
        (["https://friend.example"], True),
        (["null"], False),
        (["http://here.example:8000", "https://elsewhere.example"], False),
        (["http://["], False),
    ],
)
def test_a_page_of_another_host_may_not_listen(origins: list[str], is_allowed: bool) -> None:  # noqa: FBT001
    headers = Headers([("Host", "here.example:8000"), *(("Origin", origin) for origin in origins)])
    assert is_page_of_ours(headers, ["https://friend.example"]) is is_allowed


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((), None),
        (("binance", "wickstream.key.wks_a"), None),
        (("wickstream",), "wickstream"),
        (("wickstream.key.wks_a", "wickstream"), "wickstream"),
    ],
)
def test_no_subprotocol_is_spoken_but_ours_and_never_a_key(offered: Sequence[str], chosen: str | None) -> None:
    assert spoken(None, [Subprotocol(name) for name in offered]) == chosen


@pytest.mark.parametrize(
    ("offers", "are_any"), [([], True), (["a"], True), (["a, b", "c,,d"], True), (["a b"], False), (["a", "é"], False)]
)
def test_subprotocols_are_tokens(offers: list[str], are_any: bool) -> None:  # noqa: FBT001
    assert offers_tokens(Headers([("Sec-WebSocket-Protocol", offer) for offer in offers])) is are_any


def test_an_address_has_so_many_connections_and_the_machine_itself_any_number() -> None:
    door = Door(most=100, of_one=2, spares_loopback=True)
    refused = [door.enter(visitor) for visitor in (ONE, ONE, ONE, OTHER, HERE, HERE, HERE)]
    assert [one.status if one else None for one in refused] == [None, None, 429, None, None, None, None]
    door.leave(ONE)
    assert door.enter(ONE) is None


def test_loopback_is_an_address_like_others_where_it_is_not_spared() -> None:
    door = Door(most=100, of_one=1, spares_loopback=False)
    assert door.enter(HERE) is None
    assert door.enter(HERE) is not None


def test_there_is_a_bound_over_all() -> None:
    door = Door(most=2, of_one=20, spares_loopback=True)
    refused = [door.enter(visitor) for visitor in (ONE, HERE, OTHER)]
    assert [one.status if one else None for one in refused] == [None, None, 503]
