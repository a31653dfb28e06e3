"""R17: one symbol is late while the others flow; and a long hole is repaired behind live traffic."""

from typing import Any

import pytest

from tests.chaos.conftest import SceneMaker
from tests.chaos.delays import Delays, percentile_95
from tests.chaos.scene import Market, Scene
from wickstream.events import Gap, GapStatus

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

SPEED = 12.0
HEAVY_PAGE = 4_081  # weight: more than a minute has, so that every hole is a long one
HELD_S = 3.0  # instead of 60
DELAY_S = 5.0
EVER_MS = 3_600_000


def entries_of(scene: Scene, symbol: str) -> list[Gap]:
    """Newest word on each of its holes."""
    return [gap for gap in scene.published.gaps.values() if gap.symbol == symbol and gap.first_trade_id is not None]


def p95_s(scene: Scene, delays: Delays, symbols: tuple[str, ...], *, seconds: float) -> float:
    """Of what is traded in the next so many exchange seconds."""
    since = scene.truth.moment()
    scene.passes(seconds)
    until = scene.truth.moment()
    scene.flows()
    return percentile_95(delay for symbol in symbols for delay in delays.of(symbol, since, until))


def test_a_symbol_that_comes_late_is_filled_by_rest_and_holds_nobody_up(
    play: SceneMaker, figures: dict[str, Any]
) -> None:
    scene = play(Market(symbols=5, rate=30, speed=SPEED))
    scene.exchange()
    scene.connector()
    scene.flows()
    delays = Delays(scene.truth, scene.published, speed=SPEED)
    late, *others = scene.settings.named_symbols
    figures["p95_s"] = p95_s(scene, delays, tuple(others), seconds=36)
    scene.truth.switch_on("delay", streams=[f"{late.lower()}@trade"], by_s=DELAY_S, for_s=6)
    figures["p95_beside_it_s"] = p95_s(scene, delays, tuple(others), seconds=84)

    figures["whole_s"] = scene.is_exact()
    assert not scene.published.gaps
    assert figures["p95_beside_it_s"] < DELAY_S / 2


def test_what_rest_cannot_give_in_time_is_left_to_repair_and_the_symbol_goes_on(
    play: SceneMaker, figures: dict[str, Any]
) -> None:
    scene = play(Market(symbols=5, rate=30, speed=SPEED))
    scene.exchange()
    scene.connector(sessions__refill__LONGEST_HOLD_S=HELD_S)
    scene.flows()
    symbol = scene.settings.named_symbols[0]
    lag = scene.truth.switch_on("rest_lag", symbols=[symbol], by_ms=EVER_MS)
    scene.truth.switch_on("drop", streams=[f"{symbol.lower()}@trade"], at_most=50)
    hit = scene.truth.moment()
    figures["broken_s"] = scene.until(lambda: bool(entries_of(scene, symbol)), what="a segment break")
    figures["live_s"] = scene.until(lambda: scene.has_reached(hit), what="the symbol going on")
    scene.flows()
    assert [gap.status for gap in entries_of(scene, symbol)] == [GapStatus.OPEN]
    scene.truth.switch_off(lag)
    scene.passes(66)  # the minute of the break is over
    scene.repair()

    scene.is_exact(deadline_s=60)
    assert {gap.status for gap in entries_of(scene, symbol)} == {GapStatus.REPAIRED}
    assert sum(gap.size for gap in entries_of(scene, symbol)) == 50


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_long_hole_is_repaired_while_the_market_flows(play: SceneMaker, figures: dict[str, Any]) -> None:
    scene = play(Market(symbols=5, rate=100, speed=SPEED))
    scene.exchange()
    scene.connector(sessions__refill___PAGE_WEIGHT=HEAVY_PAGE)
    scene.repair()
    scene.flows()
    delays = Delays(scene.truth, scene.published, speed=SPEED)
    figures["p95_s"] = p95_s(scene, delays, scene.settings.named_symbols, seconds=120)
    scene.truth.switch_on("stall", for_s=30)
    scene.passes(31 * SPEED)
    figures["p95_beside_repair_s"] = p95_s(scene, delays, scene.settings.named_symbols, seconds=120)
    found = [gap for gap in scene.published.gaps.values() if gap.status is GapStatus.REPAIRED]
    figures["repaired_meanwhile"] = sum(gap.size for gap in found)

    figures["whole_s"] = scene.is_exact(deadline_s=300)
    figures["repaired"] = sum(gap.size for gap in scene.published.gaps.values() if gap.status is GapStatus.REPAIRED)
    assert figures["repaired_meanwhile"] > 0
