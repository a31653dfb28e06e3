import msgspec
import pytest

from tests.sample_market import MIDNIGHT_MS, a_candle
from tests.scripted_source import ticker_frame, trade_frame
from wickstream.binance.shapes import DayTicker
from wickstream.bus.codec import encode
from wickstream.candle import Candle
from wickstream.events import AlertType
from wickstream.serve.live import frames
from wickstream.serve.live.feed import Feed, Kind, Record
from wickstream.serve.live.messages import Message


class Heard:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.candles: list[Candle] = []
        self.feed = Feed(self.messages.append, self.candles.append)

    def give(self, kind: Kind, *values: bytes) -> list[tuple[str, bytes]]:
        self.messages.clear()
        self.feed.take([Record(kind, value) for value in values])
        return [(message.stream, message.data) for message in self.messages]


@pytest.fixture
def heard() -> Heard:
    return Heard()


def an_alert(number: int, *, late: bool = False, final: bool = True) -> bytes:
    return msgspec.json.encode(
        {
            "alert_id": f"whale:BTCUSDT:{number}", "type": AlertType.WHALE, "symbol": "BTCUSDT", "at": MIDNIGHT_MS,
            "value": "1", "threshold": "1", "facts": {}, "late": late, "final": final, "revision": 0, "trade_count": 1,
        }
    )  # fmt: skip


def test_trades_of_a_symbol_come_in_the_order_of_their_ids_each_once(heard: Heard) -> None:
    given = [trade_frame(number) for number in (5, 6, 6, 5, 9, 8, 10)]
    assert heard.give(Kind.TRADE, *given) == [("btcusdt@trade", trade_frame(number)) for number in (5, 6, 9, 10)]
    assert heard.give(Kind.TRADE, trade_frame(7, "ETHUSDT")) == [("ethusdt@trade", trade_frame(7, "ETHUSDT"))]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"s":1}', b"\xff"])
def test_what_does_not_parse_is_passed_over(heard: Heard, kind: Kind, value: bytes) -> None:
    assert heard.give(kind, value) == []


def test_an_alert_is_told_the_first_time_and_never_late(heard: Heard) -> None:
    given = [an_alert(1, final=False), an_alert(1), an_alert(2, late=True), an_alert(3)]
    assert heard.give(Kind.ALERT, *given) == [("!alerts", given[0]), ("!alerts", given[3])]
    assert list(heard.feed.alerts) == ["whale:BTCUSDT:1", "whale:BTCUSDT:3"]


def test_closed_and_announced_candles_go_to_who_follows_them(heard: Heard) -> None:
    heard.give(Kind.MINUTE, encode(a_candle(0)))
    heard.feed.hear(encode(a_candle(1, closed=False)))
    heard.feed.hear(b"{")
    assert heard.candles == [a_candle(0), a_candle(1, closed=False)]


def test_a_mini_ticker_is_what_the_exchange_makes_of_the_ticker(heard: Heard) -> None:
    letters = msgspec.json.decode(ticker_frame())
    names = dict(zip("pPwxcQbBaAohlvqOCFLn", DayTicker.__struct_fields__[1:], strict=True))
    shape = DayTicker("BTCUSDT", **{name: letters[letter] for letter, name in names.items()})
    expected = msgspec.json.decode(shape.mini_frame()) | {"E": letters["E"]}
    (_, mini) = heard.give(Kind.TICKER, ticker_frame())[1]
    assert msgspec.json.decode(mini) == expected
    assert list(msgspec.json.decode(mini)) == list(expected)


def test_the_array_has_each_symbol_that_changed_once_and_then_nothing(heard: Heard) -> None:
    heard.give(Kind.TICKER, ticker_frame("1"), ticker_frame("2"), ticker_frame("3", "ETHUSDT"))
    heard.messages.clear()
    heard.feed.tell_changed()
    heard.feed.tell_changed()
    [array] = [msgspec.json.decode(message.data) for message in heard.messages]
    assert [(mini["s"], mini["c"]) for mini in array] == [("BTCUSDT", "2"), ("ETHUSDT", "3")]


def kline_of(candle: Candle) -> dict[str, object]:
    decoded: dict[str, object] = msgspec.json.decode(frames.kline(candle))["k"]
    return decoded


@pytest.mark.parametrize("published_at", [0, MIDNIGHT_MS + 30_000, MIDNIGHT_MS + 10**12])
def test_a_kline_is_closed_where_its_candle_is_whatever_the_clock_says(published_at: int) -> None:
    for closed in (True, False):
        candle = msgspec.structs.replace(a_candle(0, closed=closed), published_at=published_at)
        assert kline_of(candle)["x"] is closed


def test_a_kline_has_the_exchanges_fields_in_its_order() -> None:
    kline = kline_of(a_candle(0))
    assert list(kline) == list("tTsifLochlvnxqVQB")
    assert (kline["f"], kline["L"], kline["v"], kline["q"]) == (1, 10, "4.00000000", "404.40000000")
    without_trades = kline_of(msgspec.structs.replace(a_candle(0), trade_count=0))
    assert (without_trades["f"], without_trades["L"]) == (-1, -1)
