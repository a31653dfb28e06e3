"""R15: the exchange wants to be left alone: 429, then 418."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from tests.chaos.conftest import SceneMaker
from tests.chaos.scene import Market, Scene
from wickstream.binance.shapes import WEIGHT_PER_MINUTE
from wickstream.exchange.local.doors.visitors import Visit

pytestmark = [pytest.mark.stack]

TOO_MANY, BANNED = 429, 418
UNDER_WAY_MS = 300  # a question may have been on its way when another one was answered so
ANYTHING = ("/api/*",)
MOST_USED = 0.7
SPEED = 6.0


def questions(scene: Scene) -> list[Visit]:
    """Requests that have a weight."""
    return [visit for visit in scene.truth.visits() if visit.path.startswith("/api/")]


def during_silence(visits: list[Visit]) -> Iterator[Visit]:
    """Those that came while an earlier answer asked for silence."""
    for answer in visits:
        if answer.retry_after_s:
            until_ms = answer.at_ms + answer.retry_after_s * 1_000
            yield from (visit for visit in visits if answer.at_ms + UNDER_WAY_MS < visit.at_ms < until_ms)


def refuse_until_met(scene: Scene, status: int, *, retry_after_s: int) -> None:
    """Answer everything so, until somebody has asked."""
    number = scene.truth.switch_on("rest_error", status=status, retry_after_s=retry_after_s)
    scene.until(lambda: any(visit.status == status for visit in questions(scene)), what=f"a {status}")
    scene.truth.switch_off(number)


def most_used(scene: Scene) -> int:
    return max(visit.used_weight or 0 for visit in questions(scene))


@pytest.mark.timeout(120)
def test_nothing_is_asked_during_a_ban_and_the_refill_ends_after_it(play: SceneMaker, figures: dict[str, Any]) -> None:
    scene = play(Market())
    scene.exchange()
    scene.connector(sessions__audit__CLOCK_POLL_S=0)  # not only holes make it ask
    scene.flows()
    scene.truth.switch_on("drop", streams=["*@trade"], share=0.3, for_s=5)
    refuse_until_met(scene, TOO_MANY, retry_after_s=3)
    refuse_until_met(scene, BANNED, retry_after_s=6)
    banned = len(questions(scene))
    figures["whole_s"] = scene.is_exact()

    visits = questions(scene)
    assert [status for status, _ in groupby(v.status for v in visits if v.retry_after_s)] == [TOO_MANY, BANNED]
    assert not list(during_silence(visits))
    assert len(visits) > banned
    figures["used_weight"] = most_used(scene)
    assert figures["used_weight"] <= MOST_USED * WEIGHT_PER_MINUTE


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_with_more_holes_than_a_minute_s_weight_never_more_than_seventy_percent_is_used(
    play: SceneMaker, figures: dict[str, Any]
) -> None:
    """The connector and the repair together, as they share an address."""
    scene = play(Market(symbols=9, rate=180, speed=SPEED))
    scene.exchange()
    scene.connector(sessions__refill__LONGEST_HOLD_S=30)
    scene.repair()
    scene.flows()
    scene.truth.switch_on("drop", streams=["*@trade"], share=0.1, for_s=80)
    scene.passes(90 * SPEED)
    figures["used_weight"] = most_used(scene)
    figures["whole_s"] = scene.is_exact(deadline_s=360)

    assert 0.6 * WEIGHT_PER_MINUTE < most_used(scene) <= MOST_USED * WEIGHT_PER_MINUTE
    assert TOO_MANY not in {visit.status for visit in questions(scene)}
