"""R18: ids that the exchange never gave to a trade, beside ids that only the sockets lack."""

from itertools import pairwise
from typing import Any

import pytest

from tests.chaos.conftest import SceneMaker
from tests.chaos.scene import Market, Scene
from wickstream.events import Gap, GapStatus

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

SPEED = 12.0
LOST = 10  # one by one: of several at once, one would soon turn up and speak for the others
LAG_MS = 24_000  # of the exchange's clock: two real seconds


def entries(scene: Scene, status: GapStatus) -> dict[str, list[Gap]]:
    """By symbol."""
    found = [gap for gap in scene.published.gaps.values() if gap.status is status]
    return {symbol: [gap for gap in found if gap.symbol == symbol] for symbol in sorted({gap.symbol for gap in found})}


def jumps(scene: Scene, symbol: str) -> list[tuple[int, int]]:
    """First and last of the ids that the exchange left out since we began."""
    first_id = scene.published.trades[symbol][0][0]
    ids = sorted(scene.truth.trades(symbol, first_id, 2**53))
    return [(a + 1, b - 1) for a, b in pairwise(ids) if b > a + 1]


def test_absent_ids_are_proven_and_lost_ones_are_filled_and_never_the_reverse(
    play: SceneMaker, figures: dict[str, Any]
) -> None:
    scene = play(Market(speed=SPEED))
    scene.exchange()
    scene.connector()
    scene.flows()
    lacking, lost, both = scene.settings.named_symbols
    scene.truth.switch_on("rest_lag", by_ms=LAG_MS, scattered=True)
    for symbol in (lacking, both):
        scene.truth.switch_on("skip_ids", symbol=symbol, ids=3)
    for symbol in (lost, both):
        scene.truth.switch_on(
            "drop", streams=[f"{symbol.lower()}@trade"], at_most=1, for_s=0.4, every_s=0.5, times=LOST
        )
    scene.flows(seconds=60)
    figures["proven_s"] = scene.until(
        lambda: set(entries(scene, GapStatus.ABSENT)) == {lacking, both}, deadline_s=60, what="the proofs"
    )
    scene.is_exact()

    absent = entries(scene, GapStatus.ABSENT)
    for symbol in (lacking, both):
        assert [(gap.first_trade_id, gap.last_trade_id) for gap in absent[symbol]] == jumps(scene, symbol)
        assert all("kline" in (gap.evidence or "") for gap in absent[symbol])
    assert not entries(scene, GapStatus.HALTED)
    assert jumps(scene, lost) == []
