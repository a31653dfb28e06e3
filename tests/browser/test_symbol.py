"""One symbol: its candles through all tiers without a seam, the forming one live, and what stands out."""

import re
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.raw_trades import trade_value
from tests.running import wait_until
from tests.sample_market import MIDNIGHT_MS
from tests.scripted_source import ScriptedSource, ticker_frame
from tests.stored_market import forming_candle
from tests.stored_page import ALL_MINUTES, SILENT, SYMBOL, stored_alerts
from wickstream.bus.codec import encode
from wickstream.events import MINUTE_MS
from wickstream.serve.live.feed import Kind

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.system_program("chromium")]

AT = f"#/symbol/{SYMBOL}"


def klines(address: str, **asked: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = httpx.get(
        f"{address}/api/v1/analytics/klines/{SYMBOL}", params=asked, trust_env=False
    ).json()["data"]
    return rows


def loaded(page: Page) -> int:
    """How many candles the chart says it has."""
    said = re.search(r"([\d,]+) candles", page.locator("#chart").get_attribute("aria-label") or "")
    return int(said[1].replace(",", "")) if said else 0


def wait_for_chart(page: Page) -> None:
    expect(page.locator("#chart canvas").first).to_be_visible()
    expect(page.locator(".frame .state")).to_be_hidden()


def test_the_newest_candle_is_the_apis(open_page: OpenPage, address: str) -> None:
    page = open_page(AT)
    wait_for_chart(page)
    newest = klines(address, limit=1)[0]
    legend = page.locator(".legend")
    expect(legend).to_contain_text("9 Aug 2024, 00:20")
    for name in ("open", "high", "low", "close"):
        expect(legend).to_contain_text(f"{name.capitalize()} {float(newest[name]):.2f}")
    expect(legend).to_contain_text(f"VWAP {float(newest['vwap']):.2f}")
    expect(legend).to_contain_text(f"Trades {newest['trade_count']}")


def test_the_last_closed_candle_is_shown_with_its_proof(open_page: OpenPage) -> None:
    page = open_page(AT)
    card = page.locator("#closed")
    expect(card.locator(".badge")).to_have_text("proved")
    expect(card).to_contain_text("191 – 200")
    expect(card).to_contain_text("Each of the 10 ids of this range was counted exactly once.")
    expect(page.locator("#forming .badge")).to_have_text("open")


def test_buys_and_sells_are_those_of_the_candles(open_page: OpenPage, address: str) -> None:
    page = open_page(AT)
    rows = klines(address, limit=60)
    for line, most in enumerate((1, 10, 60)):
        all_of_it = sum(float(row["quote_volume"]) for row in rows[-most:])
        part = sum(float(row["taker_buy_quote_volume"]) for row in rows[-most:]) / all_of_it
        expect(page.locator(".pressure li").nth(line)).to_contain_text(f"{100 * part:.1f} %")


def test_scrolling_back_goes_through_all_tiers_without_a_seam(open_page: OpenPage, address: str) -> None:
    page = open_page(AT)
    sources: set[str] = set()
    page.on("response", lambda answer: sources.update(answer.json()["sources"]) if "/klines/" in answer.url else None)
    wait_for_chart(page)
    page.locator("#chart").hover()

    def has_scrolled_to_the_beginning() -> bool:
        page.mouse.wheel(-4_000, 0)
        page.wait_for_timeout(50)
        return loaded(page) == ALL_MINUTES

    wait_until(has_scrolled_to_the_beginning, what="all candles are loaded")
    first_ms = MIDNIGHT_MS - 1_400 * MINUTE_MS
    drawn = page.evaluate("import('/symbol/series.js').then(() => true)") and page.locator("#chart")
    expect(drawn).to_have_attribute(
        "aria-label", re.compile("1,421 candles from 8 Aug 2024, 00:40:00 to 9 Aug 2024, 00:20:00")
    )
    assert klines(address, limit=1, start=first_ms)[0]["open_time"] == first_ms
    assert {
        "hot",
        "warm",
        "cold",
    } <= sources  # and 1,421 minutes from the first to the last: none lacks, none is double


SEAMS = """async () => {
  const { Series } = await import("/symbol/series.js");
  const candle = (minute, closed = true, trades = 10, origin = "trades") => ({ open_time: minute * 60000, closed,
    trade_count: trades, revision: 0, origin });
  const series = new Series(60000);
  series.take([7, 8, 9].map((minute) => candle(minute)));
  series.take([candle(10, false, 3)]);
  series.take([5, 6, 7, 8].map((minute) => candle(minute)));   // pages overlap
  series.take([candle(10, false, 2)]);                         // an older word
  series.take([candle(10, true, 4, null), candle(10, false, 4)]); // closed by the stream, then an answer from before
  series.take([candle(13, false, 1)]);                         // two minutes lack
  return series.inOrder().map(({ time, candle }) => [time / 60000, candle && candle.trade_count, candle?.closed]);
}"""


def test_pages_and_frames_make_one_series_each_window_once_in_its_newest_version(open_page: OpenPage) -> None:
    assert open_page(AT).evaluate(SEAMS) == [
        *([minute, 10, True] for minute in (5, 6, 7, 8, 9)),
        [10, 4, True],
        [11, None, None],
        [12, None, None],
        [13, 1, False],
    ]


def test_the_forming_candle_moves_and_the_next_one_begins(open_page: OpenPage, source: ScriptedSource) -> None:
    page = open_page(AT)
    wait_for_chart(page)
    before = loaded(page)
    forming = forming_candle(SYMBOL)
    moved = msgspec.structs.replace(forming, close=forming.high, trade_count=forming.trade_count + 5)
    wait_until(lambda: _gave(source, page, encode(moved), f"Trades {moved.trade_count}"), what="it moves")
    following = msgspec.structs.replace(
        moved, open_time=moved.close_time + 1, close_time=moved.close_time + MINUTE_MS, trade_count=1
    )
    wait_until(lambda: _gave(source, page, encode(following), "00:21"), what="the next one is shown")
    assert loaded(page) == before + 1


def _gave(source: ScriptedSource, page: Page, value: bytes, words: str) -> bool:
    """Give it, again if nobody listened yet."""
    source.give(Kind.MINUTE, value)
    page.wait_for_timeout(50)
    return words in page.locator(".legend").inner_text()


def test_trades_and_tickers_arrive_by_themselves(open_page: OpenPage, source: ScriptedSource) -> None:
    page = open_page(AT)
    wait_for_chart(page)
    first = page.locator(".trades tbody tr").first

    def has_come() -> bool:
        source.give(Kind.TRADE, trade_value(next(IDS), SYMBOL, price="104.75", quantity="0.5", maker=False))
        page.wait_for_timeout(50)
        return "104.75" in first.inner_text()

    wait_until(has_come, what="the trade is shown")
    assert first.locator("td").all_inner_texts() == ["00:00:00", "Buy", "104.75", "0.50000"]
    source.give(Kind.TICKER, ticker_frame("108.50000000", SYMBOL))
    expect(page.locator("#price")).to_have_text("108.50")
    expect(page.locator(".day")).to_contain_text("103.00")


IDS = iter(range(900_000, 910_000))


def test_whales_and_spikes_are_listed_with_their_facts(open_page: OpenPage, source: ScriptedSource) -> None:
    page = open_page(AT)
    listed = page.locator(".marks li")
    expect(listed.first).to_contain_text("Volume spike")
    expect(listed.first).to_contain_text("$2.10M in one minute and 1,824 trades, more than $1.00M")
    expect(listed.nth(1)).to_contain_text("18.73 PAGE at 64,231.50, worth $1.20M")
    new = msgspec.structs.replace(stored_alerts()[0], alert_id=f"whale:{SYMBOL}:99", at=MIDNIGHT_MS + 19 * MINUTE_MS)
    source.give(Kind.ALERT, encode(new))
    expect(listed).to_have_count(3)
    expect(listed.first).to_contain_text("00:19:00")


def test_the_candle_under_the_pointer_tells_its_own(open_page: OpenPage) -> None:
    page = open_page(AT)
    wait_for_chart(page)
    box = page.locator("#chart").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    expect(page.locator(".marks h2")).to_have_text(re.compile(r"Whales and spikes at \d\d:\d\d"))
    expect(page.locator(".legend")).not_to_contain_text("00:20")
    page.mouse.move(0, 0)
    expect(page.locator(".marks h2")).to_have_text("Whales and spikes")


@pytest.mark.parametrize("interval", ["1m", "5m", "15m", "30m", "1h", "4h", "1d"])
def test_every_interval_has_candles_and_an_address(open_page: OpenPage, interval: str) -> None:
    page = open_page(AT)
    wait_for_chart(page)
    page.get_by_role("button", name=interval, exact=True).click()
    wait_for_chart(page)
    expect(page.get_by_role("button", name=interval, exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#chart")).to_have_attribute("aria-label", re.compile(f", {interval}: "))


def test_the_chart_is_moved_with_the_keyboard(open_page: OpenPage) -> None:
    page = open_page(AT)
    wait_for_chart(page)
    page.locator("#chart").focus()
    before = loaded(page)
    for _ in range(90):
        page.keyboard.press("ArrowLeft")
    wait_until(lambda: loaded(page) > before, what="older candles are loaded")


def test_a_symbol_without_candles_says_so(open_page: OpenPage) -> None:
    page = open_page(f"#/symbol/{SILENT}")
    expect(page.locator(".frame .state")).to_have_text("No candle yet: the first trades are on their way.")


def test_a_symbol_that_is_not_there_says_what_may_have_been_meant(open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page("#/symbol/PAGEUSD")
    expect(page.locator(".frame .state")).to_contain_text("did you mean PAGEUSDT?")
    complaints.clear()  # the browser logs the 404


def test_another_theme_paints_the_chart_anew(open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page(AT, color_scheme="light")
    wait_for_chart(page)
    canvas = "document.querySelector('#chart canvas').getContext('2d').getImageData(5, 5, 1, 1).data[0]"
    wait_until(lambda: page.evaluate(canvas) > 200, what="it is light")
    page.locator("#theme").click()
    wait_until(lambda: page.evaluate(canvas) < 60, what="it is dark")
    complaints.clear()  # reading pixels is slow, the browser says
