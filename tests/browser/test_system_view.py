"""The system: what each process tells of itself, and that nothing is made up where it does not."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.told_metrics import telling
from wickstream.config import Settings

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.system_program("chromium")]


def metrics(published: int) -> bytes:
    return (
        "# TYPE wickstream_trades_published_total counter\n"
        f'wickstream_trades_published_total{{source="ws"}} {published}\n'
        "# TYPE wickstream_feed_lag_seconds gauge\nwickstream_feed_lag_seconds 0.4\n"
        "# TYPE wickstream_reconnects_total counter\nwickstream_reconnects_total 2\n"
        "# TYPE wickstream_memory_bytes gauge\nwickstream_memory_bytes 6.4e+07\n"
    ).encode()


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_a_process_that_answers_shows_what_it_tells(
    open_page: OpenPage, troubled: str, troubled_settings: Settings
) -> None:
    published = iter(range(1_000, 1_000_000, 5_000))
    with telling(troubled_settings.port("connector"), lambda: metrics(next(published))):
        page = open_page("#/system", base=troubled)
        connector = card(page, "Connector")
        expect(connector.locator(".badge")).to_have_text("up")
        expect(connector).to_contain_text("400 ms")
        expect(connector).to_contain_text("64 MB")
        expect(connector.locator("dl")).to_contain_text("Reconnects2")
        drawn = connector.get_by_role("img", name="Behind the exchange").locator("path")
        expect(drawn).to_have_attribute("d", "M2.0 2.0L118.0 2.0", timeout=20_000)  # after a second look
        expect(connector.locator(".line").first).to_contain_text("/s")


def test_of_who_does_not_answer_it_says_that_nothing_is_known(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/system", base=troubled)
    writer = card(page, "Writer")
    expect(writer.locator(".badge")).to_have_text("unknown")
    expect(writer).to_contain_text("nobody answers at 127.0.0.1:")
    expect(writer.locator(".lines")).to_be_hidden()


def test_servers_and_tiers_are_told_in_words(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/system", base=troubled)
    for name in ("Kafka", "Redis", "PostgreSQL"):
        expect(card(page, "Servers").locator("li").filter(has_text=name).locator(".badge")).to_have_text("up")
    warm = card(page, "Tiers").locator("li").filter(has_text="Warm")
    expect(warm).to_contain_text("newest closed minute 11 Aug 2024, 23:59:00")


def test_it_leads_to_the_documentation(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/system", base=troubled)
    expect(page.locator(".links a").first).to_have_attribute("href", "/docs")
    expect(page.locator(".links")).not_to_contain_text("Grafana")  # nobody said where one is
