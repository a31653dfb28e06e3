"""R4: a connector that stood still while another one took over."""

from typing import Any

import pytest

from tests.chaos.conftest import SceneMaker
from tests.chaos.scene import Market, freeze, thaw
from wickstream.errors import EXIT_FENCED

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

FENCED_WITHIN_S = 30.0


@pytest.mark.parametrize("asleep_s", [6, pytest.param(30, marks=pytest.mark.slow)])  # 5 s: a transaction's time is over
def test_a_connector_that_wakes_up_behind_a_twin_publishes_nothing_and_stays_down(
    play: SceneMaker, figures: dict[str, Any], asleep_s: int
) -> None:
    market = Market(rate=60)
    scene = play(market)
    scene.exchange()
    sleeper = scene.connector()
    scene.flows()
    freeze(sleeper)
    twin = scene.twin()
    scene.flows(seconds=asleep_s * market.speed)
    before = scene.published.sources.total()
    thaw(sleeper)

    fenced_s = scene.until(
        lambda: sleeper.process.poll() is not None, deadline_s=FENCED_WITHIN_S, what="the end of the fenced one"
    )

    assert sleeper.process.returncode == EXIT_FENCED
    assert twin.process.poll() is None
    assert scene.published.sources.total() > before
    scene.is_exact()
    figures["fenced_s"] = fenced_s


def test_a_connector_that_slept_alone_goes_on_by_itself(play: SceneMaker, figures: dict[str, Any]) -> None:
    scene = play(Market(rate=60))
    scene.exchange()
    sleeper = scene.connector()
    scene.flows()
    freeze(sleeper)
    scene.passes(36)  # exchange seconds: longer than a transaction may stay open
    back = scene.truth.moment()
    thaw(sleeper)

    figures["live_s"] = scene.until(lambda: scene.has_news_of(back), what="live again")
    figures["whole_s"] = scene.is_exact()
    assert sleeper.process.poll() is None
