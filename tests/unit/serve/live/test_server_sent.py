"""Server-sent events, read as a page's EventSource does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.alerts import AT_MS, whale
from tests.running import wait_until
from tests.scripted_source import ScriptedSource, ticker_frame, trade_frame
from tests.serving import served
from tests.unit.serve.fake_alerts import SPIKE, WHALES
from tests.unit.serve.fake_tiers import NEWEST_ID, FakeTiers
from tests.unit.serve.live.conftest import QUICK
from wickstream.bus.codec import encode
from wickstream.config import Settings
from wickstream.serve.app import build_app
from wickstream.serve.live.feed import Kind
from wickstream.store.series.alert_series import place_of

STREAM = "/api/v1/stream"


class Page:
    """What an EventSource makes of the lines."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.last_event_id = ""
        self._lines = answer.iter_lines()

    def event(self) -> tuple[str, Any]:
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.last_event_id = value
            elif name == "data":
                told = json.loads(value)
                return told["stream"], told["data"]
        raise AssertionError("the stream ended")

    def read_until(self, text: str) -> None:
        for line in self._lines:
            if line.startswith("id: "):
                self.last_event_id = line.removeprefix("id: ")
            if line.startswith(text):
                return


@contextmanager
def page(address: str, streams: str, last_event_id: str = "") -> Iterator[Page]:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with (
        httpx.Client(base_url=address.replace("ws://", "http://"), trust_env=False, timeout=20) as client,
        client.stream("GET", STREAM, params={"streams": streams}, headers=headers) as answer,
    ):
        yield Page(answer)


def test_events_have_the_envelope_of_combined_streams_and_an_id_to_come_back_with(
    source: ScriptedSource, live_address: str
) -> None:
    with page(live_address, "btcusdt@trade/ethusdt@ticker") as one:
        assert one.answer.headers["content-type"].startswith("text/event-stream")
        one.read_until("retry: ")
        wait_until(lambda: bool(source.live and source.live.hub.listens_to("ethusdt@ticker")))
        source.give(Kind.TICKER, ticker_frame(symbol="ETHUSDT"))
        assert one.event() == ("ethusdt@ticker", json.loads(ticker_frame(symbol="ETHUSDT")))
        source.give(Kind.TRADE, trade_frame(9_001), trade_frame(9_002))
        assert [one.event()[1]["t"] for _ in range(2)] == [9_001, 9_002]
        one.read_until("id: ")
        assert one.last_event_id == "btcusdt@trade=9002"


def test_who_comes_back_is_sent_the_trades_in_between_each_once_and_in_order(
    source: ScriptedSource, live_address: str
) -> None:
    with page(live_address, "btcusdt@trade", f"btcusdt@trade={NEWEST_ID - 1_500}") as one:
        ids = [one.event()[1]["t"] for _ in range(1_500)]
        assert ids == list(range(NEWEST_ID - 1_499, NEWEST_ID + 1))


def test_who_comes_back_is_sent_the_alerts_in_between(source: ScriptedSource, live_address: str) -> None:
    alerts = [encode(whale(number)) for number in range(3)]
    source.give(Kind.ALERT, *alerts)
    with page(live_address, "!alerts", f"!alerts={AT_MS}:whale:BTCUSDT:0") as one:
        assert [one.event() for _ in range(2)] == [("!alerts", json.loads(alert)) for alert in alerts[1:]]


def test_alerts_that_no_worker_remembers_come_from_what_is_stored(live_address: str) -> None:
    stored = sorted([*WHALES, SPIKE], key=place_of)
    with page(live_address, "!alerts", f"!alerts={AT_MS}:whale:BTCUSDT:77777") as one:
        assert [one.event()[1]["alert_id"] for _ in stored] == [alert.alert_id for alert in stored]


def test_what_cannot_be_told_now_is_said(live_tiers: FakeTiers, live_address: str) -> None:
    live_tiers.down = True
    with page(live_address, "!alerts", f"!alerts={AT_MS}:whale:BTCUSDT:77777") as one:
        one.read_until(": what was missed of !alerts cannot be told")


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("streams=btcusdt@depth", 404, "unknown-stream"),
        ("streams=BTCUSDT@trade", 404, "unknown-stream"),
        ("streams=nobody@trade", 404, "unknown-stream"),
        ("streams=", 422, "bad-parameter"),
        ("", 422, "bad-parameter"),
        ("streams=!alerts&symbol=BTCUSDT", 400, "unknown-parameter"),
        ("streams=" + "/".join(f"s{number}@trade" for number in range(201)), 422, "too-many-streams"),
    ],
)
def test_what_a_person_mistyped_is_refused(live_address: str, query: str, status: int, kind: str) -> None:
    answer = httpx.get(f"{live_address.replace('ws', 'http', 1)}{STREAM}?{query}", trust_env=False)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:wickstream:problem:{kind}")


def test_who_goes_is_forgotten(source: ScriptedSource, live_address: str) -> None:
    with page(live_address, "ethusdt@trade") as one:
        one.read_until("retry: ")
        wait_until(lambda: bool(source.live and source.live.hub.listens_to("ethusdt@trade")))
    wait_until(lambda: bool(source.live and not source.live.hub.listens_to("ethusdt@trade")))


def test_a_page_that_does_not_read_is_closed(source: ScriptedSource) -> None:
    app = build_app(
        Settings(), open_reader=FakeTiers().opened, open_source=source.opened, rules=replace(QUICK, slow_s=0.3)
    )
    with served(app) as address, page(address, "btcusdt@trade") as one:
        one.read_until("retry: ")
        live = source.live
        assert live
        wait_until(lambda: live.hub.listens_to("btcusdt@trade"))
        numbers = iter(range(10_000_000))

        def is_closed() -> bool:
            source.give(Kind.TRADE, *(trade_frame(next(numbers)) for _ in range(1_000)))
            return not live.hub.listens_to("btcusdt@trade")

        wait_until(is_closed)
