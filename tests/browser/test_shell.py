"""What all views share: the way to each, the switches, the line of the status, and that nobody else is asked."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.scripted_source import ScriptedSource
from tests.serving import served
from tests.stored_page import SILENT, SYMBOL
from wickstream.config import Settings
from wickstream.serve.app import STATIC, build_app

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.system_program("chromium")]

NARROW = {"width": 390, "height": 844}
VIEWS = re.findall(r'name: "(\w*)"', (STATIC / "views.js").read_text("utf-8"))
PLACES = [f"#/{name}/{SYMBOL}" if name == "symbol" else f"#/{name}" for name in VIEWS]


def settled(page: Page) -> None:
    """Its first questions are answered."""
    expect(page.locator("#status .words")).to_contain_text("recording")
    page.wait_for_load_state("networkidle")


def test_every_view_is_in_the_navigation_and_says_which_it_is(open_page: OpenPage) -> None:
    page = open_page()
    for link in page.locator("#views a").all():
        link.click()
        expect(link).to_have_attribute("aria-current", "page")
        expect(page.locator("main")).not_to_be_empty()
        assert page.title().endswith("wickstream")


def test_the_way_back_leads_to_the_view_before(open_page: OpenPage) -> None:
    page = open_page()
    page.locator(f'tr[data-symbol="{SYMBOL}"] a').click()
    expect(page.locator("#chosen")).to_have_text("PAGE / USDT")
    page.go_back()
    expect(page.locator(f'tr[data-symbol="{SYMBOL}"]')).to_be_visible()


def test_an_address_that_leads_nowhere_says_so(open_page: OpenPage) -> None:
    expect(open_page("#/nowhere").locator("main")).to_contain_text("There is no such page here.")


def test_the_keyboard_reaches_the_content_first(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_slash_leads_from_any_view_to_the_search(open_page: OpenPage) -> None:
    page = open_page(f"#/symbol/{SYMBOL}")
    expect(page.locator("#chosen")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Search symbols")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_systems_colours_until_told_otherwise(open_page: OpenPage, scheme: str) -> None:
    other = {"light": "dark", "dark": "light"}[scheme]
    page = open_page(color_scheme=scheme)
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", other)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", other)


def test_times_are_utc_until_the_readers_own_are_asked_for(open_page: OpenPage) -> None:
    page = open_page(f"#/symbol/{SYMBOL}", timezone_id="Asia/Tokyo")
    expect(page.locator("#closed h2")).to_contain_text("00:19–00:20")
    page.locator("#zone").click()
    expect(page.locator("#closed h2")).to_contain_text("09:19–09:20")
    expect(page.locator("#zone-words")).to_have_text("Times are Asia/Tokyo.")


def test_a_replay_with_its_own_times_names_its_day(open_page: OpenPage) -> None:
    expect(open_page().locator("#status")).to_contain_text("Replaying a recording from 9 Aug 2024")


def test_it_says_for_how_long_the_feed_has_been_silent(open_page: OpenPage) -> None:
    expect(open_page().locator("#status")).to_have_text(re.compile(r"feed silent for [3-9] s"), timeout=15_000)


@pytest.mark.parametrize(("kind", "words"), [("demo", "Demo: recorded trades"), ("live", "Live from the exchange")])
def test_it_says_where_the_trades_come_from(open_page: OpenPage, stored: Settings, kind: str, words: str) -> None:
    other = stored.model_copy(update={"source": kind})
    with served(build_app(other, open_source=ScriptedSource().opened)) as address:
        page = open_page(base=address)
        expect(page.locator("#status")).to_have_text(re.compile(rf"{words} · feed silent for \d+ h"))
        page.close()


def test_a_lost_api_is_said_and_recovered_from(open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page()
    settled(page)
    page.route("**/api/**", lambda route: route.abort())
    expect(page.locator("#status")).to_contain_text("The API does not answer", timeout=15_000)
    page.unroute("**/api/**")
    expect(page.locator("#status")).to_contain_text("Replaying", timeout=15_000)
    complaints.clear()  # the browser logs each refused request


@pytest.mark.parametrize("place", PLACES)
def test_a_narrow_screen_needs_no_sideways_scrolling(open_page: OpenPage, place: str) -> None:
    page = open_page(place, viewport=NARROW)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES)
def test_nobody_is_kept_out(open_page: OpenPage, axe: str, place: str, scheme: str) -> None:
    page = open_page(place, color_scheme=scheme)
    settled(page)
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize("place", [*PLACES, "docs"])
def test_nothing_is_asked_of_other_hosts_and_all_of_it_comes(open_page: OpenPage, address: str, place: str) -> None:
    page = open_page(None)
    asked: list[str] = []
    missed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda answer: missed.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"{address}/{place}")
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert missed == []


def test_the_page_weighs_less_than_300_kb_compressed() -> None:
    loaded = [path for path in STATIC.rglob("*") if path.suffix in {".html", ".js", ".css", ".svg", ".mjs"}]
    assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) < 150_000


def test_a_view_of_all_symbols_does_without_the_charts_library(open_page: OpenPage, address: str) -> None:
    page = open_page(None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    expect(page.locator(f'tr[data-symbol="{SILENT}"]')).to_be_visible()
    assert not [url for url in asked if Path(url).suffix == ".mjs"]


def test_the_docs_page_asks_the_api(open_page: OpenPage) -> None:
    page = open_page("docs")
    section = page.locator("#getKlines")
    section.locator('input[name="symbol"]').fill(SYMBOL)
    section.locator('input[name="limit"]').fill("1")
    section.get_by_role("button", name="Ask").click()
    expect(section.locator("h3")).to_have_text(re.compile(r"limit=1 → 200$"))
    expect(section.locator("pre")).to_contain_text(SYMBOL)
