"""Where the API wants a key: the form that takes one, what it opens, and how it is forgotten."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.scripted_source import ScriptedSource, ticker_frame
from tests.serving import served
from tests.stored_page import SYMBOL
from wickstream.config import Settings
from wickstream.serve.app import build_app
from wickstream.serve.live.feed import Kind
from wickstream.store.warm.api_keys import create_key, revoke_key
from wickstream.store.warm.database import connect

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.system_program("chromium")]

NARROW = {"width": 390, "height": 844}
REFUSED = re.compile(r"status of 4\d\d|response code: 403|HTTP Authentication failed|closed before")


@pytest.fixture(scope="module")
def pushed() -> ScriptedSource:
    return ScriptedSource()


@pytest.fixture(scope="module")
def locked(stored: Settings, kafka: str, pushed: ScriptedSource) -> Iterator[str]:
    """Address of an API that wants a key."""
    settings = stored.model_copy(update={"api_keys": "required"})
    with served(build_app(settings, open_source=pushed.opened)) as address:
        yield address


class Complaints(list[str]):
    """The browser logs every question and handshake that is refused; nothing else is let pass."""

    def append(self, said: str) -> None:
        if not REFUSED.search(said):
            super().append(said)


@pytest.fixture
def complaints() -> list[str]:
    return Complaints()


def made_key(settings: Settings, *scopes: str) -> tuple[str, str]:
    """Its id and itself."""
    now_ms = time.time_ns() // 1_000_000
    with connect(settings) as conn:
        made, key = create_key(conn, name="page", scopes=scopes, per_minute=None, now_ms=now_ms, expires_at=None)
    return made.key_id, key


def form_of(page: Page) -> Locator:
    return page.get_by_role("region", name="This API wants a key")


def give(page: Page, key: str) -> None:
    """As somebody does who has no mouse."""
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    page.keyboard.insert_text(key)
    page.keyboard.press("Enter")


def row(page: Page) -> Locator:
    return page.locator(f'tr[data-symbol="{SYMBOL}"]')


def test_a_good_key_opens_the_page_and_forgetting_it_closes_it(
    open_page: OpenPage, locked: str, stored: Settings, pushed: ScriptedSource
) -> None:
    page = open_page(base=locked)
    expect(form_of(page)).to_contain_text("wickstream keys create NAME --scopes read,live")
    expect(page.get_by_role("button", name="Forget key")).to_be_hidden()
    give(page, "wks_guessed")
    expect(form_of(page).get_by_role("alert")).to_contain_text("No such key")
    give(page, made_key(stored, "read", "live")[1])
    expect(row(page)).to_be_visible()
    expect(form_of(page)).to_be_hidden()
    expect(page.locator("main")).to_be_focused()
    expect(page.locator("#status")).to_contain_text("Replaying")
    pushed.give(Kind.TICKER, ticker_frame("177.25000000", SYMBOL))
    expect(row(page).locator(".mark")).to_have_text("177.25")
    page.get_by_role("button", name="Forget key").click()
    expect(form_of(page)).to_be_visible()
    expect(row(page)).to_have_count(0)
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_the_button_that_forgets_it_fits_a_narrow_screen(open_page: OpenPage, locked: str, stored: Settings) -> None:
    page = open_page(base=locked, viewport=NARROW)
    give(page, made_key(stored, "read", "live")[1])
    expect(page.get_by_role("button", name="Forget key")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


def test_the_form_says_which_scope_a_key_lacks(open_page: OpenPage, locked: str, stored: Settings) -> None:
    page = open_page(base=locked)
    key_id, key = made_key(stored, "live")
    give(page, key)
    expect(form_of(page).get_by_role("alert")).to_have_text(
        f"The key {key_id} has not the scope read, which this needs."
    )


def test_what_cannot_be_a_key_is_not_sent(open_page: OpenPage, locked: str) -> None:
    page = open_page(base=locked)
    give(page, "“wks_quoted”")
    expect(form_of(page).get_by_role("alert")).to_contain_text("That is no key")


def test_a_key_that_may_not_listen_shows_the_data_and_says_why_nothing_is_live(
    open_page: OpenPage, locked: str, stored: Settings
) -> None:
    page = open_page(base=locked)
    key_id, key = made_key(stored, "read")
    give(page, key)
    expect(row(page)).to_be_visible()
    expect(page.locator("#status")).to_contain_text(f"no live updates. The key {key_id} has not the scope live")
    expect(form_of(page)).to_be_hidden()


@pytest.mark.parametrize("is_to_stay", [True, False])
def test_a_key_is_kept_by_the_tab_unless_it_is_to_be_remembered(
    open_page: OpenPage,
    locked: str,
    stored: Settings,
    is_to_stay: bool,  # noqa: FBT001
) -> None:
    page = open_page(base=locked)
    page.get_by_label("Remember on this device").set_checked(is_to_stay)
    page.get_by_label("Key", exact=True).focus()
    give(page, made_key(stored, "read", "live")[1])
    expect(row(page)).to_be_visible()
    page.reload()
    expect(row(page)).to_be_visible()
    other = page.context.new_page()
    other.goto(locked)
    expect(row(other) if is_to_stay else form_of(other)).to_be_visible()


def test_a_key_that_is_revoked_is_said_to_be_and_forgotten(open_page: OpenPage, locked: str, stored: Settings) -> None:
    page = open_page(base=locked)
    key_id, key = made_key(stored, "read", "live")
    give(page, key)
    expect(row(page)).to_be_visible()
    with connect(stored) as conn:
        assert revoke_key(conn, key_id, now_ms=time.time_ns() // 1_000_000)
    expect(form_of(page).get_by_role("alert")).to_contain_text(f"The key {key_id} is revoked")
    expect(page.get_by_role("button", name="Forget key")).to_be_hidden()


def test_where_none_is_needed_a_key_that_is_none_is_let_go(open_page: OpenPage, address: str) -> None:
    page = open_page("docs")
    page.evaluate("localStorage.setItem('wickstream-key', 'wks_of-yesterday')")
    page.goto(address)
    expect(row(page)).to_be_visible()
    expect(page.locator("#status")).to_contain_text("Replaying")
    expect(form_of(page)).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_the_documentation_asks_with_the_same_key(open_page: OpenPage, locked: str, stored: Settings) -> None:
    page = open_page("docs", base=locked)
    section = page.locator("#getMarketSummary")
    section.get_by_role("button", name="Ask").click()
    expect(section.locator("h3")).to_have_text(re.compile("→ 401$"))
    expect(form_of(page)).to_be_visible()
    page.get_by_label("Key", exact=True).focus()
    give(page, made_key(stored, "read")[1])
    expect(form_of(page)).to_be_hidden()
    section.get_by_role("button", name="Ask").click()
    expect(section.locator("h3")).to_have_text(re.compile("→ 200$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_keeps_nobody_out(open_page: OpenPage, locked: str, axe: str, scheme: str) -> None:
    page = open_page(base=locked, color_scheme=scheme, viewport=NARROW)
    give(page, "wks_guessed")
    expect(form_of(page).get_by_role("alert")).to_contain_text("No such key")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    assert form_of(page).evaluate("panel => panel.scrollHeight - panel.clientHeight") == 0  # nothing is cut off
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
