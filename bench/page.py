"""The page in Debian's Chromium: how soon it shows data, what it weighs, and what 500 live symbols cost.

Redis and PostgreSQL are real; a ticker of every symbol comes each second, and every page is new: nothing is cached.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from bench.store.servers import running
from bench.table import Figure
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.running import wait_until
from tests.sample_market import MIDNIGHT_MS, a_candle, a_ticker
from tests.scripted_source import ScriptedSource, ticker_frame
from tests.serving import served
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.footprint import memory_of
from wickstream.operate.servers.local import postgres_spec, redis_spec
from wickstream.serve.app import build_app
from wickstream.serve.live.feed import Kind
from wickstream.store.hot.hour import HotWriter
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.warm.migrations import migrate
from wickstream.store.warm.writer import WarmWriter

SYMBOLS = tuple(f"S{number:03}USDT" for number in range(500))
MINUTES = 60
WATCHED_S = 10
FRAMES = f"""() => new Promise((told) => {{
  let frames = 0;
  const begun = performance.now();
  const count = () => {{
    frames += 1;
    const passed = performance.now() - begun;
    if (passed < {WATCHED_S * 1_000}) requestAnimationFrame(count);
    else told((frames * 1000) / passed);
  }};
  requestAnimationFrame(count);
}})"""
FIRST_DATA = """new MutationObserver((_, watching) => {
  if (!document.querySelector(WANTED)) return;
  watching.disconnect();
  requestAnimationFrame(() => setTimeout(() => (window.firstData = performance.now())));
}).observe(document, { subtree: true, childList: true });"""


def measure() -> list[Figure]:
    """With a window of 1280 × 900."""
    if shutil.which(str(CHROMIUM)) is None:
        raise Mistake("the page is shown by Chromium: apt-get install chromium")
    source = ScriptedSource()
    with running(redis_spec, postgres_spec) as settings:
        market = settings.model_copy(update={"ticker_symbols": SYMBOLS, "source": "replay:0123456789ab"})
        _fill(market)
        with served(build_app(market, open_source=source.opened)) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS.split())
            with closing(browser):
                return [
                    *_first(browser, address, "overview", "#/", "tbody tr td .mark"),
                    *_first(browser, address, "symbol", f"#/symbol/{SYMBOLS[0]}", "#chart canvas"),
                    *_live(browser, address, source),
                ]


def _fill(settings: Settings) -> None:
    migrate(settings)
    now_ms = MIDNIGHT_MS + MINUTES * 60_000
    candles = [a_candle(minute, symbol=symbol) for symbol in SYMBOLS for minute in range(MINUTES)]
    for writer in (WarmWriter(settings), HotWriter(settings)):
        with closing(writer):
            writer.write(candles)
    with closing(LiveWriter(settings)) as lane:
        tickers = [
            msgspec.structs.replace(a_ticker(symbol), event_at_ms=now_ms, closed_at_ms=now_ms) for symbol in SYMBOLS
        ]
        lane.write([Change(ticker.symbol, ticker, None, None) for ticker in tickers], Clock(now_ms, now_ms, now_ms))


def _first(browser: Browser, address: str, view: str, place: str, wanted: str) -> Iterator[Figure]:
    with _opened(browser) as page:
        page.add_init_script(FIRST_DATA.replace("WANTED", repr(wanted)))
        weights: dict[str, int] = {"wire": 0, "plain": 0}
        inspector = page.context.new_cdp_session(page)
        inspector.send("Network.enable")
        inspector.on("Network.loadingFinished", lambda told: _add(weights, "wire", told["encodedDataLength"]))
        inspector.on("Network.dataReceived", lambda told: _add(weights, "plain", told["dataLength"]))
        page.goto(f"{address}/{place}")
        wait_until(lambda: page.evaluate("window.firstData ?? 0") > 0, what="data is shown")
        shown_ms = page.evaluate("window.firstData")
        page.wait_for_load_state("networkidle")
    yield Figure(f"{view}: first paint with data", "ms", shown_ms, limit=1_000)
    yield Figure(
        f"{view}: weight on the wire, data of {len(SYMBOLS)} symbols included", "kB", weights["wire"] / 1_000, limit=300
    )
    yield Figure(f"{view}: the same unpacked", "kB", weights["plain"] / 1_000)


def _add(weights: dict[str, int], name: str, size: int) -> None:
    weights[name] += size


def _live(browser: Browser, address: str, source: ScriptedSource) -> Iterator[Figure]:
    with _opened(browser) as page, _ticking(source):
        page.goto(address)
        page.locator(f'tr[data-symbol="{SYMBOLS[-1]}"]').wait_for(state="attached")
        yield Figure(f"{len(SYMBOLS)} symbols live: frames", "1/s", page.evaluate(FRAMES), limit=30)
        inspector = page.context.new_cdp_session(page)
        inspector.send("HeapProfiler.collectGarbage")
        inspector.send("Performance.enable")
        metrics = {one["name"]: one["value"] for one in inspector.send("Performance.getMetrics")["metrics"]}
        yield Figure(
            f"{len(SYMBOLS)} symbols live: JavaScript's heap", "MB", metrics["JSHeapUsedSize"] / 1e6, limit=150
        )
        yield Figure(f"{len(SYMBOLS)} symbols live: the page's whole process (PSS)", "MB", _renderer_mb(), limit=150)


def _renderer_mb() -> float:
    """Of the largest: the browser keeps a spare one."""
    family = psutil.Process().children(recursive=True)
    renderers = [each.pid for each in family if "--type=renderer" in " ".join(each.cmdline())]
    return max(memory_of(pid) or 0 for pid in renderers) / 1e6


@contextmanager
def _opened(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    with closing(context):
        yield context.new_page()


@contextmanager
def _ticking(source: ScriptedSource) -> Iterator[None]:
    """Every symbol's ticker, each second, at another price."""
    over = threading.Event()

    def tick() -> None:
        cents = 0
        while not over.wait(1.0):
            cents = (cents + 7) % 90 + 10
            source.give(Kind.TICKER, *(ticker_frame(f"102.{cents}000000", symbol) for symbol in SYMBOLS))

    ticking = threading.Thread(target=tick)
    ticking.start()
    try:
        yield
    finally:
        over.set()
        ticking.join()
