"""The page in Debian's Chromium, over the real API and stores; live push says what a test gives it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.conftest import SettingsMaker, new_database
from tests.running import Launcher
from tests.scripted_source import ScriptedSource
from tests.serving import served
from tests.stored_page import page_market
from tests.stored_trouble import SYMBOLS, store_trouble
from wickstream.config import Settings
from wickstream.operate.servers.local import redis_spec, with_local_addresses
from wickstream.serve.app import build_app

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)

OpenPage = Callable[..., Page]

expect.set_options(timeout=20_000)  # on a machine that is busy with other tests


@pytest.fixture(scope="session")
def stored(postgres: Settings, redis: Settings) -> Settings:
    return page_market(redis)


@pytest.fixture(scope="session")
def source() -> ScriptedSource:
    return ScriptedSource()


@pytest.fixture(scope="session")
def address(stored: Settings, source: ScriptedSource, kafka: str) -> Iterator[str]:
    with served(build_app(stored, open_source=source.opened)) as address:
        yield address


@pytest.fixture(scope="module")  # while it is there, a loop runs in this thread, and nobody else may run one
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS.split())
    yield browser
    browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the console said; a test that expects some takes them away."""
    return []


@pytest.fixture
def open_page(browser: Browser, address: str, complaints: list[str]) -> Iterator[OpenPage]:
    """Opens the page (at None: nowhere yet) in a context of its own; what the console complains of fails it."""
    contexts = []

    def open_at(place: str | None = "", *, base: str = address, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        if place is not None:
            page.goto(f"{base}/{place}")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The program that looks for what keeps people out."""
    if not AXE.exists():
        pytest.skip("axe-core is not there: make types gets it")
    return AXE.read_text("utf-8")


@pytest.fixture(scope="session")
def troubled_settings(
    postgres: Settings,
    kafka: str,
    launcher: Launcher,
    make_settings: SettingsMaker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Settings]:
    """Of a market with trouble, in a Redis and a database of its own: it has another now."""
    own = make_settings(tmp_path_factory.mktemp("troubled"), ticker_symbols=SYMBOLS, source="replay:0123456789ab")
    launcher.start(redis_spec(own))
    with new_database(postgres) as database:
        there = {name: getattr(database, name) for name in Settings.model_fields if name.startswith("postgres_")}
        settings = with_local_addresses(own).model_copy(update={**there, "kafka_bootstrap_servers": kafka})
        store_trouble(settings)
        yield settings


@pytest.fixture(scope="session")
def troubled_source() -> ScriptedSource:
    return ScriptedSource()


@pytest.fixture(scope="session")
def troubled(troubled_settings: Settings, troubled_source: ScriptedSource) -> Iterator[str]:
    """Address of the API over it."""
    with served(build_app(troubled_settings, open_source=troubled_source.opened)) as address:
        yield address
