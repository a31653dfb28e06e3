"""The feed of alerts: those that came before, those that come, and why each was told."""

import json

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.alerts import whale
from tests.browser.conftest import OpenPage
from tests.scripted_source import ScriptedSource
from tests.stored_trouble import STILL, TORN, WHOLE
from wickstream.bus.codec import encode
from wickstream.serve.live.feed import Kind

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.system_program("chromium")]

ENTRIES = ".alerts > li[data-id]"


def ids(page: Page) -> list[str | None]:
    return [entry.get_attribute("data-id") for entry in page.locator(ENTRIES).all()]


def asked(address: str, **params: str | int) -> list[str]:
    answer = httpx.get(f"{address}/api/v1/analytics/alerts", params=params, trust_env=False).json()
    return [alert["alert_id"] for alert in answer["data"]]


def test_the_feed_is_the_apis_the_newest_first_and_goes_on_behind_its_end(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/alerts", base=troubled)
    expect(page.locator(ENTRIES)).to_have_count(50)
    assert ids(page) == asked(troubled, limit=50)
    page.get_by_role("button", name="Older alerts").click()
    expect(page.locator(ENTRIES)).to_have_count(71)
    assert ids(page) == asked(troubled, limit=100)
    expect(page.get_by_role("button", name="Older alerts")).to_be_hidden()


def test_each_says_why_it_was_told(open_page: OpenPage, troubled: str) -> None:
    page = open_page(f"#/alerts?symbol={WHOLE}", base=troubled)
    entry = page.locator(ENTRIES).first
    expect(entry).to_contain_text("Whale buy")
    expect(entry).to_contain_text("$120,000")
    entry.locator("summary").click()
    expect(entry).to_contain_text("One trade above the threshold of $100,000.")
    expect(entry.locator("dl")).to_contain_text("Trade id")


def test_what_is_asked_for_is_in_the_address_and_comes_back_with_it(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/alerts", base=troubled)
    page.get_by_label("Type").select_option("whale")
    page.get_by_label("Symbol").fill(TORN.lower())
    page.get_by_label("Symbol").press("Enter")
    page.get_by_label("At least, $").fill("600,000")
    page.get_by_label("At least, $").press("Enter")
    expect(page.locator(ENTRIES)).to_have_count(10)
    assert page.url.endswith(f"#/alerts?type=whale&symbol={TORN}&min=600000")

    page.reload()
    expect(page.locator(ENTRIES)).to_have_count(10)
    assert ids(page) == asked(troubled, type="whale", symbol=TORN, min_value="600000")
    expect(page.get_by_label("At least, $")).to_have_value("600000")


def test_an_amount_that_is_none_is_refused_in_words(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/alerts", base=troubled)
    page.get_by_label("At least, $").fill("much")
    page.get_by_label("At least, $").press("Enter")
    expect(page.locator("main")).to_contain_text("An amount in plain digits is needed")


def test_where_nothing_fits_it_says_so(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/alerts?type=sweep", base=troubled)
    expect(page.locator("main")).to_contain_text("No alert fits this filter yet.")


def test_a_new_one_comes_by_itself_if_it_fits(
    open_page: OpenPage, troubled: str, troubled_source: ScriptedSource
) -> None:
    page = open_page(f"#/alerts?symbol={STILL}", base=troubled)
    expect(page.locator(ENTRIES)).to_have_count(1)
    told = [whale(number, symbol) for number, symbol in ((901, TORN), (902, STILL))]

    def is_there() -> bool:  # who has just come is subscribed a moment later
        troubled_source.give(Kind.ALERT, *map(encode, told))
        return page.locator(ENTRIES).count() > 1

    page.wait_for_function("() => true")
    for _ in range(100):
        if is_there():
            break
        page.wait_for_timeout(100)
    expect(page.locator(ENTRIES)).to_have_count(2)
    expect(page.locator(ENTRIES).first).to_contain_text(STILL)
    assert ids(page)[0] == told[1].alert_id


def test_when_the_api_is_away_it_says_so_and_goes_on_by_itself(
    open_page: OpenPage, troubled: str, complaints: list[str]
) -> None:
    page = open_page("#/system", base=troubled)
    problem = {"detail": "PostgreSQL does not answer; ask again in 1 s"}

    def refuse(route: Route) -> None:
        route.fulfill(status=503, body=json.dumps(problem), content_type="application/problem+json")

    page.route("**/api/v1/analytics/alerts*", refuse)
    page.get_by_role("link", name="Alerts").click()
    expect(page.locator("main")).to_contain_text("PostgreSQL does not answer; ask again in 1 s.")
    page.unroute("**/api/v1/analytics/alerts*")
    expect(page.locator(ENTRIES)).to_have_count(50)
    assert all("503" in words for words in complaints)
    complaints.clear()
