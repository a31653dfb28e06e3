"""R6: Kafka killed for a while, under 200 trades a second of 20 symbols."""

from typing import Any

import pytest

from tests.chaos.conftest import Broker, SceneMaker
from tests.chaos.scene import Market, peak_bytes

pytestmark = [pytest.mark.stack]

MOST_BYTES = 200_000_000
LIVE_WITHIN_S = 10.0


@pytest.mark.parametrize(
    ("away_s", "whole_within_s", "speed"),
    [
        pytest.param(10, 60, 6, marks=pytest.mark.timeout(150), id="10 s"),
        pytest.param(60, 60, 1, marks=[pytest.mark.slow, pytest.mark.timeout(300)], id="60 s"),
        pytest.param(600, 180, 1, marks=[pytest.mark.slow, pytest.mark.timeout(1_200)], id="10 min"),
    ],
)
def test_what_came_while_kafka_was_dead_is_published_when_it_is_back(
    play: SceneMaker, broker: Broker, figures: dict[str, Any], away_s: int, whole_within_s: int, speed: int
) -> None:
    scene = play(Market(symbols=20, rate=200 // speed, speed=speed))
    scene.exchange()
    connector = scene.connector()
    scene.flows()
    broker.process.kill()
    scene.passes(away_s * speed)
    broker.start()
    back = scene.truth.moment()

    figures["live_s"] = scene.until(lambda: scene.has_news_of(back), deadline_s=60, what="live again")
    figures["whole_s"] = figures["live_s"] + scene.is_exact(deadline_s=whole_within_s)

    figures["trades"] = dict(scene.published.sources)
    figures["peak_bytes"] = peak_bytes(connector)
    assert connector.process.poll() is None
    assert figures["live_s"] < LIVE_WITHIN_S
    assert figures["whole_s"] < whole_within_s
    assert figures["peak_bytes"] < MOST_BYTES
