"""R22: a laptop that slept: our processes stood still, and the market went on."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.conftest import Broker, SceneMaker
from tests.chaos.scene import Market, freeze, thaw
from tests.running import wait_until
from wickstream.events import GapStatus

pytestmark = [pytest.mark.stack]

SPEED = 6.0  # faster, and a short pause of ours would be a jump of the exchange's clock
LIVE_WITHIN_S = 10.0
HEAVY_PAGE = 1_500  # weight, so that of a short sleep's holes only two are filled in order, as of a long one's
IMPATIENT = "rules = { ping_seconds = 0.5, pong_seconds = 1.5 }"


@pytest.mark.parametrize(
    ("asleep_s", "speed"),
    [
        pytest.param(6, SPEED, id="6 s", marks=pytest.mark.timeout(240)),
        pytest.param(600, 1.0, id="10 min", marks=[pytest.mark.slow, pytest.mark.timeout(1_200)]),
    ],
)
def test_after_a_sleep_it_is_live_at_once_and_what_was_missed_is_repaired(
    play: SceneMaker, broker: Broker, figures: dict[str, Any], tmp_path: Path, asleep_s: int, speed: float
) -> None:
    script = tmp_path / "impatient.toml"
    script.write_text(IMPATIENT)
    scene = play(Market(symbols=5, rate=60, speed=speed))
    scene.exchange(script)
    connector = scene.connector(sessions__refill___PAGE_WEIGHT=HEAVY_PAGE)
    scene.flows()
    freeze(connector, broker.process)
    scene.passes(asleep_s * speed)
    awake = scene.truth.moment()
    thaw(broker.process, connector)

    figures["live_s"] = scene.until(lambda: scene.has_reached(awake), deadline_s=60, what="live again")
    left = [gap for gap in scene.published.gaps.values() if gap.status is GapStatus.OPEN]
    scene.passes(66)  # the minute of waking is over
    scene.repair()
    figures["repaired_s"] = scene.is_exact(deadline_s=150)  # since it was there
    figures["ids"] = {"repaired": sum(gap.size for gap in left), **scene.published.sources}
    assert figures["live_s"] < LIVE_WITHIN_S
    assert left
    assert {reason.partition(":")[0] for reason, _ in scene.published.letters} <= {"time"}
    assert connector.process.poll() is None


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_machine_that_slept_with_its_own_exchange_loses_nothing(
    play: SceneMaker, broker: Broker, figures: dict[str, Any]
) -> None:
    scene = play(Market(symbols=5, rate=30, speed=SPEED))
    exchange = scene.exchange()
    connector = scene.connector()
    scene.flows()
    everything = (exchange, connector, broker.process)
    freeze(*everything)
    wake_at_s = time.monotonic() + 60
    wait_until(lambda: time.monotonic() > wake_at_s, deadline_s=90)
    thaw(*everything)
    awake = scene.truth.moment()

    figures["live_s"] = scene.until(lambda: scene.has_reached(awake), deadline_s=60, what="live again")
    figures["whole_s"] = figures["live_s"] + scene.is_exact(deadline_s=60)
    assert figures["live_s"] < LIVE_WITHIN_S
    assert connector.process.poll() is None
