"""Data quality: each hour by what became of it, the evidence beside it, the ledger, the last proofs."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.stored_trouble import LAST_HOUR, STILL, SYMBOLS, TORN, WHOLE, at

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.system_program("chromium")]

TORN_HOUR = at(LAST_HOUR - 60)
WORST = ("missing", "halted", "repaired")


def states(page: Page) -> dict[str | None, list[str | None]]:
    """Of each row of the map those of its cells, as far as there is something to tell."""
    return {
        row.get_attribute("data-row"): [
            state for cell in row.locator("td").all() if (state := cell.get_attribute("data-state")) != "none"
        ]
        for row in page.locator(".heat tbody tr").all()
    }


def expected(hour: dict[str, Any]) -> str:
    worst = next((state for state in WORST if hour[state]), None)
    return worst or ("quiet" if hour["quiet"] > 30 else "complete")


def hours(address: str, **params: Any) -> dict[str, list[str]]:
    answer = httpx.get(f"{address}/api/v1/system/integrity", params=params, trust_env=False).json()
    found: dict[str, list[str]] = {}
    for hour in answer["data"]:
        found.setdefault(hour["symbol"], []).append(expected(hour))
    return found


def test_the_map_shows_each_hour_as_the_api_counts_it(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/quality", base=troubled)
    expect(page.locator(".heat tbody tr")).to_have_count(len(SYMBOLS))
    counted = hours(troubled, start=at(LAST_HOUR - 23 * 60))
    assert states(page) == counted
    assert {state for row in counted.values() for state in row} == {*WORST, "quiet", "complete"}
    expect(page.locator(".map .sum")).to_contain_text("3 of 4,320 minutes are missing; 20 repaired, 15 halted.")


def test_each_state_has_a_letter_besides_its_colour_and_a_name_for_who_hears_it(
    open_page: OpenPage, troubled: str
) -> None:
    page = open_page("#/quality", base=troubled)
    cell = page.locator(f'tr[data-row="{TORN}"] td[data-state="missing"]')
    expect(cell).to_have_text("M")
    expect(cell).to_have_attribute("aria-label", f"{TORN}, 11 Aug 2024, 22:00–23:00: 57 complete, 3 missing")
    shown = {key.get_attribute("data-state"): key.inner_text() for key in page.locator(".map-legend .key").all()}
    assert shown == {"complete": "", "quiet": "Q", "repaired": "R", "halted": "H", "missing": "M"}


def test_arrows_walk_through_the_map_and_enter_opens_an_hour_with_its_evidence(
    open_page: OpenPage, troubled: str
) -> None:
    page = open_page("#/quality", base=troubled)
    expect(page.locator(".heat tbody tr")).to_have_count(3)
    page.locator('.heat td[tabindex="0"]').focus()
    for key in ("ArrowDown", "End", "ArrowLeft", "Enter"):
        page.keyboard.press(key)

    panel = page.locator(".hour-panel")
    expect(panel.locator("h2")).to_have_text(f"{TORN} · 11 Aug 2024, 22:00–23:00")
    expect(panel).to_contain_text("60 minutes: 57 complete, 3 missing.")
    expect(panel).to_contain_text("REST refused: 418, banned for 120 s")
    expect(panel).to_contain_text("22:12 missing with no candle at all")
    assert page.url.endswith(f"#/quality?of={TORN}&hour={TORN_HOUR}")

    page.reload()
    expect(page.locator(".hour-panel")).to_contain_text("REST refused: 418, banned for 120 s")
    expect(page.locator('.heat td[aria-selected="true"]')).to_have_text("M")


def test_a_repaired_hour_says_from_where_its_trades_came(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/quality", base=troubled)
    page.locator(f'tr[data-row="{TORN}"] td[data-state="repaired"]').click()
    panel = page.locator(".hour-panel")
    expect(panel).to_contain_text("60 minutes: 40 complete, 20 repaired.")
    expect(panel).to_contain_text("the exchange’s archive")
    expect(panel).to_contain_text("in revision 1, 10 trades")


def test_one_symbols_days_are_a_calendar(open_page: OpenPage, troubled: str) -> None:
    page = open_page(f"#/quality?symbol={STILL}", base=troubled)
    expect(page.locator(".heat tbody tr")).to_have_count(3)
    shown = states(page)
    assert list(shown) == ["11 Aug 2024", "10 Aug 2024", "9 Aug 2024"]
    counted = hours(troubled, start=at(0), symbol=STILL)[STILL]
    assert [state for day in reversed(shown.values()) for state in day] == counted


def test_symbols_that_are_whole_can_be_left_out(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/quality", base=troubled)
    page.get_by_role("button", name="Only trouble").click()
    expect(page.locator(".heat tbody tr")).to_have_count(1)
    assert page.url.endswith("#/quality?trouble=1")


def test_a_day_earlier_is_a_button_away(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/quality", base=troubled)
    expect(page.locator(".map .sum")).to_contain_text("3 of 4,320")
    page.get_by_role("button", name="Earlier").click()
    expect(page.locator(".map .sum")).to_have_text("All 4,320 minutes are accounted for.")
    assert f"end={at(LAST_HOUR - 1_440)}" in page.url
    assert states(page)[WHOLE] == ["complete"] * 24


def test_the_ledger_goes_on_page_by_page_and_by_status(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/quality", base=troubled)
    rows = page.locator(".ledger tbody tr")
    expect(rows).to_have_count(25)
    page.get_by_role("button", name="Older entries").click()
    expect(rows).to_have_count(47)
    page.get_by_label("Status").select_option("repaired")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("200 ids, 41800–41999")
    assert page.url.endswith("status=repaired")
    page.get_by_label("Status").select_option("absent")
    expect(page.locator("main")).to_contain_text("No entry has this status.")


def test_an_entry_of_the_ledger_leads_to_its_hour(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/quality?status=open", base=troubled)
    page.locator(".ledger tbody button").click()
    expect(page.locator(".hour-panel h2")).to_have_text(f"{TORN} · 11 Aug 2024, 22:00–23:00")
    expect(page.locator(".hour-panel h2")).to_be_focused()


def test_the_last_proofs_say_what_they_found(open_page: OpenPage, troubled: str) -> None:
    page = open_page("#/quality", base=troubled)
    proof, validation, agreement = (page.locator(".verdict").nth(number) for number in range(3))
    expect(proof.locator(".badge")).to_have_text("passed")
    expect(proof).to_contain_text("3 h ago: 3 symbols")
    expect(validation.locator(".badge")).to_have_text("failed")
    expect(validation).to_contain_text(f"{TORN} 11 Aug 2024, 22:12: no candle")
    expect(agreement.locator(".badge")).to_have_text("they differ")
    expect(agreement).to_contain_text("27 minutes of 3 symbols counted by both, 1 of them differently.")
    expect(agreement).to_contain_text("3 not seen whole by the live lane")
    expect(agreement).to_contain_text(f"{TORN} 23:54: volume 12.34567891 here, 13.34567891 live")
