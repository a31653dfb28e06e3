"""Real sockets against a served hub, through a client that nobody here wrote."""

import json
import socket
from contextlib import ExitStack, suppress
from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.live_crowd import handshake
from tests.running import wait_until
from tests.scripted_source import ScriptedSource, ticker_frame, trade_frame
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from tests.unit.serve.live.conftest import QUICK, Connect
from wickstream.config import Settings
from wickstream.serve.app import build_app
from wickstream.serve.live.feed import Kind


def ask(client: ClientConnection, method: str, *params: object, number: int = 1) -> object:
    client.send(json.dumps({"method": method, "params": params, "id": number}))
    answer = json.loads(client.recv(5))
    assert answer["id"] == number
    return answer.get("error", answer.get("result"))


def end_of(client: ClientConnection) -> int | None:
    """The code it is closed with, once all else was read."""
    with suppress(ConnectionClosed):
        while True:
            client.recv(10)
    return client.protocol.close_code


def heard(source: ScriptedSource, client: ClientConnection) -> None:
    """Returns when the server has taken what the client asked in its URL."""
    assert ask(client, "LIST_SUBSCRIPTIONS") is not None
    assert source.live


def test_a_frame_is_passed_on_byte_for_byte(source: ScriptedSource, join: Connect) -> None:
    client = join("/ws/btcusdt@trade")
    heard(source, client)
    source.give(Kind.TRADE, trade_frame(101), trade_frame(102, "ETHUSDT"), trade_frame(103))
    assert [client.recv(5, decode=False) for _ in range(2)] == [trade_frame(101), trade_frame(103)]


def test_an_id_that_was_seen_is_not_pushed_again(source: ScriptedSource, join: Connect) -> None:
    client = join("/ws/onceusdt@trade")
    heard(source, client)
    ids = (1, 2, 2, 1, 3)
    source.give(Kind.TRADE, *(trade_frame(number, "ONCEUSDT") for number in ids))
    assert [json.loads(client.recv(5))["t"] for _ in range(3)] == [1, 2, 3]


def test_combined_streams_have_an_envelope(source: ScriptedSource, join: Connect) -> None:
    client = join("/stream?streams=solusdt@ticker/solusdt@miniTicker")
    heard(source, client)
    source.give(Kind.TICKER, ticker_frame(symbol="SOLUSDT"))
    frames = dict(json.loads(client.recv(5)).values() for _ in range(2))
    assert frames["solusdt@ticker"] == json.loads(ticker_frame(symbol="SOLUSDT"))
    assert list(frames["solusdt@miniTicker"]) == list("eEscohlvq")
    assert frames["solusdt@miniTicker"]["e"] == "24hrMiniTicker"


def test_who_comes_later_begins_with_the_newest_ticker(source: ScriptedSource, join: Connect) -> None:
    source.give(Kind.TICKER, ticker_frame("1.00000000", "XRPUSDT"), ticker_frame("2.00000000", "XRPUSDT"))
    client = join("/ws/xrpusdt@ticker")
    assert client.recv(5, decode=False) == ticker_frame("2.00000000", "XRPUSDT")


def test_a_kline_stream_begins_with_the_running_candle(join: Connect) -> None:
    frame = json.loads(join("/ws/btcusdt@kline_1m").recv(5))
    assert (frame["e"], frame["s"], frame["k"]["i"]) == ("kline", "BTCUSDT", "1m")
    assert (frame["k"]["x"], frame["k"]["f"], frame["k"]["L"]) == (False, 21, 30)


def test_the_array_holds_what_changed(source: ScriptedSource, join: Connect) -> None:
    client = join("/ws/!miniTicker@arr")
    heard(source, client)
    source.give(Kind.TICKER, *(ticker_frame(symbol=symbol) for symbol in ("AUSDT", "BUSDT", "AUSDT")))
    assert {mini["s"] for mini in json.loads(client.recv(5))} >= {"AUSDT", "BUSDT"}


def test_streams_are_chosen_while_the_connection_goes_on(source: ScriptedSource, join: Connect) -> None:
    client = join("/ws")
    assert ask(client, "SUBSCRIBE", "ausdt@trade", "busdt@trade") is None
    assert ask(client, "UNSUBSCRIBE", "ausdt@trade") is None
    assert ask(client, "LIST_SUBSCRIPTIONS") == ["busdt@trade"]
    client.send('{"method":"SET_PROPERTY","params":["combined",true],"id":2}')
    assert json.loads(client.recv(5)) == {"result": None, "id": 2}
    source.give(Kind.TRADE, trade_frame(1, "AUSDT"), trade_frame(1, "BUSDT"))
    assert json.loads(client.recv(5))["stream"] == "busdt@trade"


def test_an_unknown_stream_succeeds_and_stays_silent(join: Connect) -> None:
    client = join("/ws/NOTHING@here")
    assert ask(client, "SUBSCRIBE", "neither@this") is None
    assert ask(client, "LIST_SUBSCRIPTIONS") == ["NOTHING@here", "neither@this"]


def test_what_is_no_request_is_answered_with_the_exchanges_error(join: Connect) -> None:
    client = join("/ws")
    client.send("nonsense")
    assert json.loads(client.recv(5))["error"]["code"] == 3
    assert ask(client, "SUBSCRIBE", *(f"s{number}@trade" for number in range(150))) is None
    client.send('{"method":"FLY","id":7}')
    answer = json.loads(client.recv(5))
    assert (answer["id"], answer["error"]["code"]) == (7, 2)


def test_a_message_in_pieces_is_one(join: Connect) -> None:
    client = join("/ws")
    client.send(iter(['{"method":"LIST_', 'SUBSCRIPTIONS","id":9}']))
    assert json.loads(client.recv(5)) == {"result": [], "id": 9}


def test_the_sixth_message_of_a_second_ends_the_connection(join: Connect) -> None:
    client = join("/ws")
    for _ in range(6):
        client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
    assert end_of(client) == 1008


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nothing", {}, 404),
        ("/wss/btcusdt@trade", {}, 404),
        ("/api/v1/market/realtime", {}, 404),
        ("/ws/" + "/".join(f"s{n}" for n in range(1_025)), {}, 400),
        ("/ws/" + "x" * 9_000, {}, 414),
        ("/ws", {"X-Long": "x" * 9_000}, 431),
        ("/ws", {"Origin": "https://elsewhere.example"}, 403),
        ("/ws", {"Origin": "null"}, 403),
    ],
)
def test_a_handshake_that_asks_for_what_is_not_there_is_refused(
    join: Connect, path: str, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        join(path, headers=headers)
    assert refused.value.response.status_code == status


def test_a_page_of_this_host_may_listen(live_address: str, join: Connect) -> None:
    host = live_address.removeprefix("ws://")
    assert ask(join("/ws", headers={"Origin": f"http://{host}"}), "LIST_SUBSCRIPTIONS") == []


def test_who_closes_is_answered_and_forgotten(source: ScriptedSource, join: Connect) -> None:
    client = join("/ws/leaving@trade")
    heard(source, client)
    client.close()
    assert client.protocol.close_code == 1000
    live = source.live
    assert live
    wait_until(lambda: not live.hub.listens_to("leaving@trade"))


def test_a_connections_day_ends(source: ScriptedSource) -> None:
    app = build_app(
        Settings(), open_reader=FakeTiers().opened, open_source=source.opened, rules=replace(QUICK, life_s=0)
    )
    with served(app) as address, connect(address.replace("http", "ws") + "/ws", proxy=None) as client:
        assert end_of(client) == 1001


def test_pings_are_sent_and_who_answers_none_is_cut(source: ScriptedSource) -> None:
    rules = replace(QUICK, ping_s=0.05, pong_s=0.3)
    app = build_app(Settings(), open_reader=FakeTiers().opened, open_source=source.opened, rules=rules)
    with served(app) as address, socket.create_connection(_host_port(address)) as mute:
        mute.sendall(handshake("/ws"))
        received = b""
        with suppress(ConnectionResetError):
            while chunk := mute.recv(4_096):
                received += chunk
    assert b"\x89" in received  # a ping
    assert received.endswith(b"\x88\x02\x03\xe9")  # 1001


def test_one_address_has_so_many_connections_and_no_more(source: ScriptedSource) -> None:
    settings = Settings(source="demo", trusted_proxies=("127.0.0.1",), subscribers_per_address=2)
    app = build_app(settings, open_reader=FakeTiers().opened, open_source=source.opened, rules=QUICK)
    one, other = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
    with served(app) as address, ExitStack() as stack:
        url = address.replace("http", "ws") + "/ws"
        clients = [stack.enter_context(connect(url, proxy=None, additional_headers=who)) for who in (one, one, other)]
        with pytest.raises(InvalidStatus) as refused:
            connect(url, proxy=None, additional_headers=one)
        assert refused.value.response.status_code == 429
        clients[0].close()
        live = source.live
        assert live
        wait_until(lambda: len(live.sockets) == 2)
        stack.enter_context(connect(url, proxy=None, additional_headers=one))


def test_who_does_not_read_is_closed_and_who_reads_gets_all(source: ScriptedSource) -> None:
    rules = replace(QUICK, slow_s=0.3, farewell_s=2.0)
    app = build_app(Settings(), open_reader=FakeTiers().opened, open_source=source.opened, rules=rules)
    with served(app) as address, socket.create_connection(_host_port(address)) as slow:
        slow.sendall(handshake("/ws/btcusdt@trade"))
        with connect(address.replace("http", "ws") + "/ws/btcusdt@trade", proxy=None, max_queue=None) as fast:
            heard(source, fast)
            live = source.live
            assert live
            wait_until(lambda: len(live.hub) == 2)
            for first in range(0, 5_000, 100):
                source.give(Kind.TRADE, *map(trade_frame, range(first, first + 100)))
                ids = [json.loads(fast.recv(5))["t"] for _ in range(100)]
                assert ids == list(range(first, first + 100))
            wait_until(lambda: len(live.hub) == 1)
            received = b""
            while not received.endswith(b"\x88\x02\x03\xf5"):  # 1013
                received = received[-3:] + (slow.recv(65_536) or b"the end")
                assert received[-7:] != b"the end"
            wait_until(lambda: len(live.sockets) == 1)


def _host_port(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("http://").rpartition(":")
    return host, int(port)
