import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.serving import served
from tests.stored_market import announce_price, forming_candle, store_market
from wickstream.config import Settings
from wickstream.serve.app import build_app

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
SYMBOL = "PAGEUSDT"
SILENT = "MUTEUSDT"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.system_program("chromium"),
]


@pytest.fixture(scope="module")
def stored(postgres: Settings, redis: Settings) -> Settings:
    settings = redis.model_copy(update={"ticker_symbols": (SYMBOL, SILENT), "source": "demo"})
    store_market(settings, SYMBOL)
    return settings


@pytest.fixture(scope="module")
def address(stored: Settings, kafka: str) -> Iterator[str]:
    with served(build_app(stored)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, address: str, complaints: list[str]) -> Iterator[Page]:
    """The page, open on the wide screen; what it complains of on the console fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(address)
    yield page
    page.close()
    assert complaints == []


def row_of(page: Page, symbol: str) -> list[str]:
    return page.locator(f'tr[data-symbol="{symbol}"] td').all_inner_texts()


def test_the_board_shows_the_numbers_of_the_api(page: Page, address: str) -> None:
    expect(page.locator("tbody tr").first).to_be_visible()
    entry = httpx.get(f"{address}/api/v1/market/realtime", trust_env=False).json()["data"][0]
    shown = row_of(page, SYMBOL)
    assert Decimal(shown[0].replace(",", "")) == Decimal(entry["last_price"])
    assert shown[1:] == ["+2.50 %", "4.04K", "600"]
    assert row_of(page, SILENT) == ["–", "–", "–", "–"]


def test_the_last_closed_candle_is_shown_with_its_proof(page: Page) -> None:
    card = page.locator("#closed")
    expect(card.locator(".badge")).to_have_text("proved")
    expect(card).to_contain_text("191 – 200")
    expect(card).to_contain_text("Each of the 10 ids of this range was counted exactly once.")
    expect(page.locator("#forming .badge")).to_have_text("open")


def test_the_chart_is_drawn(page: Page) -> None:
    expect(page.locator("#chart canvas").first).to_be_visible()
    expect(page.locator("#chart-notice")).to_be_hidden()


def test_a_new_price_arrives_by_itself(page: Page, stored: Settings) -> None:
    price = forming_candle(SYMBOL).close + Decimal("77.25")
    announce_price(stored, SYMBOL, price)
    cell = page.locator(f'tr[data-symbol="{SYMBOL}"] td').first
    expect(cell).to_have_text(f"{price:.2f}")
    expect(page.locator("#price")).to_have_text(f"{price:.2f}")
    expect(page.locator("#forming")).to_contain_text(f"{price:.2f}")


def test_another_interval_shows_other_candles(page: Page) -> None:
    page.get_by_role("button", name="5m", exact=True).click()
    expect(page.locator("#closed h3")).to_contain_text("00:15–00:20")
    expect(page.get_by_role("button", name="5m", exact=True)).to_have_attribute("aria-pressed", "true")


def test_symbols_are_chosen_with_the_keyboard_and_kept_in_the_address(page: Page) -> None:
    page.locator("tbody a").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#chosen")).to_have_text("MUTE / USDT")
    expect(page.locator("#chart-notice")).to_have_text("No candle yet: the first trades are on their way.")
    assert page.url.endswith(f"#{SILENT}")


def test_it_says_that_these_are_recorded_trades(page: Page) -> None:
    expect(page.locator("#status")).to_contain_text("Demo: recorded trades")


def test_a_replay_with_its_own_times_names_its_day(browser: Browser, stored: Settings) -> None:
    replay = stored.model_copy(update={"source": "replay:0123456789ab"})
    with served(build_app(replay)) as address:
        page = browser.new_page()
        page.goto(address)
        expect(page.locator("#status")).to_have_text(re.compile("Replaying a recording of 9 Aug 2024"))
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_systems_colours_until_told_otherwise(browser: Browser, address: str, scheme: str) -> None:
    other = {"light": "dark", "dark": "light"}[scheme]
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", other)
    context.close()


def test_a_narrow_screen_needs_no_sideways_scrolling(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    expect(page.locator("tbody tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.close()


def test_a_lost_api_is_said_and_recovered_from(page: Page, complaints: list[str]) -> None:
    expect(page.locator("tbody tr").first).to_be_visible()
    page.route("**/api/**", lambda route: route.abort())
    expect(page.locator("#status")).to_contain_text("The API does not answer")
    page.unroute("**/api/**")
    expect(page.locator("#status")).to_contain_text("Demo: recorded trades")
    complaints.clear()  # the browser logs each refused request


def test_nothing_is_asked_of_other_hosts(browser: Browser, address: str) -> None:
    asked: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/docs"):
        page.goto(f"{address}{path}")
        page.wait_for_load_state("load")
    page.close()
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


def test_the_docs_page_asks_the_api(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/docs")
    section = page.locator("#getKlines")
    section.locator('input[name="symbol"]').fill(SYMBOL)
    section.locator('input[name="limit"]').fill("1")
    section.get_by_role("button", name="Ask").click()
    expect(section.locator("h3")).to_have_text(re.compile(r"limit=1 → 200$"))
    expect(section.locator("pre")).to_contain_text(SYMBOL)
    page.close()
