"""All symbols at once: the API's own numbers, what changes by itself, and how a reader finds his."""

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.scripted_source import ScriptedSource, ticker_frame
from tests.stored_page import SILENT, SYMBOL
from wickstream.serve.live.feed import Kind

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.system_program("chromium")]


def asked(address: str, path: str) -> Any:
    return httpx.get(f"{address}/api/v1/market/{path}", trust_env=False).json()


def row_of(page: Page, symbol: str) -> Locator:
    return page.locator(f'tr[data-symbol="{symbol}"]')


def names(page: Page) -> list[str | None]:
    return [row.get_attribute("data-symbol") for row in page.locator("tbody tr").all()]


def test_the_board_shows_the_numbers_of_the_api(open_page: OpenPage, address: str) -> None:
    page = open_page()
    expect(row_of(page, SYMBOL)).to_be_visible()
    entry = asked(address, "realtime")["data"][0]
    _, price, change, _, volume, trades = row_of(page, SYMBOL).locator("td").all_inner_texts()
    assert Decimal(price.replace(",", "")) == Decimal(entry["last_price"])
    assert (change, volume, trades) == ("+2.50 %", "4.04K", f"{entry['trade_count']}")
    assert row_of(page, SILENT).locator("td").all_inner_texts()[1:] == ["–", "–", "", "–", "–"]
    expect(row_of(page, SILENT)).to_have_attribute("data-stale", "")


def test_the_summary_is_the_apis(open_page: OpenPage, address: str) -> None:
    page = open_page()
    answer = asked(address, "summary")
    summary = page.locator(".summary")
    expect(summary).to_contain_text(f"{answer['up']} up · {answer['down']} down")
    expect(summary).to_contain_text("4.04K USDT")
    expect(summary).to_contain_text(answer["top_gainer"]["symbol"])
    expect(summary).to_contain_text("never heard of")


def test_the_most_traded_are_the_apis(open_page: OpenPage, address: str) -> None:
    page = open_page()
    top = asked(address, "top-by-trades?window=1h&limit=1")["data"][0]
    by_trades = page.locator(".top").first
    expect(by_trades.locator("li").first).to_contain_text(f"{top['trade_count']:,}")
    by_volume = page.locator(".top").nth(1)
    expect(by_volume.locator("li").first).to_contain_text("$")


def test_the_last_hour_is_drawn_point_by_point(open_page: OpenPage, address: str) -> None:
    page = open_page()
    drawn = row_of(page, SYMBOL).locator("svg path")
    expect(drawn).to_have_attribute("d", re.compile(r"^M[\d.]+ "))
    [line] = asked(address, "sparklines")["data"]
    points = (drawn.get_attribute("d") or "").replace("M", "L").strip("L").split("L")
    assert len(points) == len([close for close in line["closes"] if close is not None])


def test_a_new_price_arrives_by_itself_and_lights_up(open_page: OpenPage, source: ScriptedSource) -> None:
    page = open_page()
    mark = row_of(page, SYMBOL).locator(".mark")
    expect(mark).not_to_have_text("–")
    page.evaluate("""() => {
      const mark = document.querySelector('tr[data-symbol="PAGEUSDT"] .mark');
      const animate = mark.animate.bind(mark);
      mark.animate = (...given) => { mark.dataset.lit = given[0][0].backgroundColor; return animate(...given); };
    }""")
    source.give(Kind.TICKER, ticker_frame("177.25000000", SYMBOL))
    expect(mark).to_have_text("177.25")
    expect(row_of(page, SYMBOL).locator("td").nth(2)).to_have_text("+77.25 %")
    expect(mark).to_have_attribute("data-lit", "var(--flash-up)")


def test_it_is_searched_and_walked_with_the_keyboard(open_page: OpenPage) -> None:
    page = open_page()
    expect(row_of(page, SYMBOL)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("mute")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(row_of(page, SYMBOL).locator("a")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(row_of(page, SILENT).locator("a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#chosen")).to_have_text("MUTE / USDT")


def test_what_matches_nothing_is_said(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_label("Search symbols").fill("zzz")
    expect(page.get_by_text("No symbol matches “zzz”.")).to_be_visible()


def test_columns_sort_and_what_is_not_known_stays_last(open_page: OpenPage) -> None:
    page = open_page()
    expect(row_of(page, SYMBOL)).to_be_visible()
    head = page.get_by_role("columnheader", name="Last price")
    for order in ("descending", "ascending"):
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", order)
        assert names(page) == [SYMBOL, SILENT]
    page.get_by_role("columnheader", name="Symbol").get_by_role("button").click()
    assert names(page) == [SILENT, SYMBOL]


def test_favourites_come_first_and_are_kept(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name=f"Favourite {SILENT}").click()
    assert names(page) == [SILENT, SYMBOL]
    page.reload()
    expect(page.get_by_role("button", name=f"Favourite {SILENT}")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="★ Favourites").click()
    assert names(page) == [SILENT]


def test_while_it_loads_and_where_it_fails_it_says_so(open_page: OpenPage, address: str, complaints: list[str]) -> None:
    page = open_page(None)
    page.route("**/api/**", lambda route: route.abort())
    page.goto(address)
    expect(page.locator("main")).to_contain_text("The API does not answer. Trying again.")
    page.unroute("**/api/**")
    expect(row_of(page, SYMBOL)).to_be_visible(timeout=15_000)
    complaints.clear()  # the browser logs each refused request
