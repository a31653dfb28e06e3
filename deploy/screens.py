"""Pictures of the page for the README: `python -m deploy.screens [http://127.0.0.1:8000]`, of a stack that runs.

Needs Debian's Chromium.
"""

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize, sync_playwright

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
SYMBOL = "BTCUSDT"
MOST_BYTES = 150_000
WIDE, NARROW = ViewportSize(width=1120, height=620), ViewportSize(width=390, height=760)
LIGHT: Literal["light"] = "light"
DARK: Literal["dark"] = "dark"

# What to show, where, in which colours, how large, and what has to be there first.
PICTURES = (
    ("overview-light", "#/", LIGHT, WIDE, ".board svg path[d]"),
    ("symbol-dark", f"#/symbol/{SYMBOL}?interval=1m", DARK, WIDE, "#chart[aria-label*=candles]"),
    ("symbol-narrow", f"#/symbol/{SYMBOL}?interval=5m", LIGHT, NARROW, "#chart[aria-label*=candles]"),
)


def main(address: str) -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        for name, place, colours, size, wanted in PICTURES:
            context = browser.new_context(viewport=size, color_scheme=colours)
            page = context.new_page()
            page.goto(f"{address}/{place}")
            page.locator(wanted).first.wait_for(state="attached")
            page.locator('#status .dot[data-mood="good"]').wait_for()
            _take(page, FOLDER / f"{name}.png")
            context.close()
        browser.close()


def _take(page: Page, file: Path) -> None:
    page.wait_for_timeout(3_000)  # what flashes fades, and the chart has its markers
    size = len(page.screenshot(path=file))
    if size > MOST_BYTES:
        print(f"{file.name}: {size} bytes are too many; {MOST_BYTES} are enough", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
