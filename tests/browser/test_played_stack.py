"""The page over the whole stack while it plays the captures, and while its API is killed."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.conftest import SettingsMaker
from tests.running import wait_until
from tests.whole_stack import CAPTURES, WholeStack

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.system_program("chromium"),
    pytest.mark.slow,
    pytest.mark.timeout(500),
]

SPEED = 5  # slow enough for who looks when the stack is up
LONG_MS = 180_000  # Spark begins last
LISTENING = """() => {
  window.said = [];
  const words = document.querySelector("#status .words");
  new MutationObserver(() => said.push(words.textContent)).observe(words, { childList: true, characterData: true });
}"""


@pytest.fixture(scope="module")
def stack(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    stack = WholeStack(make_settings(tmp_path_factory.mktemp("shown") / "data"))
    stack.up(*(f"--replay={file}" for file in CAPTURES["spot"]), "--keep-times", f"--speed={SPEED}")
    yield stack
    stack.down()


@pytest.fixture
def base(stack: WholeStack) -> str:
    return f"http://127.0.0.1:{stack.settings.port('api')}"


def texts(page: Page, place: str) -> str:
    return page.locator(place).inner_text()


def test_what_is_played_arrives_by_itself(open_page: OpenPage, base: str) -> None:
    page = open_page("#/symbol/BTCUSDT", base=base)
    expect(page.locator(".trades tbody tr").first).not_to_be_empty(timeout=LONG_MS)
    before = texts(page, ".trades tbody tr:first-child")
    wait_until(lambda: texts(page, ".trades tbody tr:first-child") != before, what="another trade is shown")
    expect(page.locator("#closed .badge")).to_have_text("proved", timeout=LONG_MS)


def test_at_its_end_all_numbers_are_the_apis(open_page: OpenPage, base: str, stack: WholeStack) -> None:
    newest = _settled(stack)
    page = open_page("#/symbol/BTCUSDT", base=base)
    expect(page.locator("#closed dd").nth(4)).to_have_text(f"{newest['trade_count']:,}", timeout=LONG_MS)
    assert f"{newest['first_trade_id']} – {newest['last_trade_id']}" in texts(page, "#closed")
    count = len(stack.klines("BTCUSDT", limit=1000))
    wait_until(lambda: f"{count} candles" in (page.locator("#chart").get_attribute("aria-label") or ""))
    page.goto(f"{base}/#/")
    board = {row["symbol"]: row for row in stack.get("/api/v1/market/realtime")["data"]}
    for symbol, row in board.items():
        price = page.locator(f'tr[data-symbol="{symbol}"] .mark')
        expect(price).not_to_have_text("–")
        assert Decimal(price.inner_text().replace(",", "")) == Decimal(row["last_price"])


def test_a_killed_api_is_said_and_comes_back(
    open_page: OpenPage, base: str, stack: WholeStack, complaints: list[str]
) -> None:
    page = open_page(base=base)
    expect(page.locator("#status")).to_contain_text("Replaying", timeout=LONG_MS)
    page.evaluate(LISTENING)
    stack.kill("serve")
    wait_until(lambda: bool(page.evaluate("said.find((words) => /interrupted|does not answer/.test(words))")))
    expect(page.locator("#status")).to_have_text(re.compile(r"^Replaying a recording from 9 Aug 2024( · feed.*)?$"))
    expect(page.locator("tbody tr")).to_have_count(2)
    complaints.clear()  # the browser logs what was refused meanwhile


def _settled(stack: WholeStack) -> dict[str, int]:
    """The newest closed candle, once nothing is played any more."""
    seen: list[int] = []

    def stands_still() -> bool:
        seen.append(stack.get("/api/v1/system/health")["as_of"])
        rows = [row for row in stack.klines("BTCUSDT", limit=1000) if row["closed"]]
        return len(seen) > 50 and seen[-1] == seen[-50] and len(rows) > 5

    wait_until(stands_still, deadline_s=240, what="the replay is over")
    row: dict[str, int] = [row for row in stack.klines("BTCUSDT", limit=1000) if row["closed"]][-1]
    return row
