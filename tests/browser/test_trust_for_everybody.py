"""Alerts, data quality and system on narrow screens, in both themes, and for who does not see them."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.stored_trouble import LAST_HOUR, TORN, at

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.system_program("chromium")]

VIEWS = {
    "#/alerts": ".alerts > li[data-id]",
    f"#/quality?of={TORN}&hour={at(LAST_HOUR - 60)}": ".entries li",
    f"#/quality?symbol={TORN}": ".heat td[data-state='missing']",
    "#/system": ".component[data-state='up']",
}
SERIOUS = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  const grave = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", VIEWS)
def test_nothing_keeps_people_out(open_page: OpenPage, troubled: str, axe: str, place: str, scheme: str) -> None:
    page = open_page(place, base=troubled, color_scheme=scheme)
    expect(page.locator(VIEWS[place]).first).to_be_visible()
    page.evaluate(axe)
    assert page.evaluate(SERIOUS) == []


@pytest.mark.parametrize("place", VIEWS)
def test_a_narrow_screen_needs_no_sideways_scrolling(open_page: OpenPage, troubled: str, place: str) -> None:
    page = open_page(place, base=troubled, viewport={"width": 390, "height": 844})
    expect(page.locator(VIEWS[place]).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
