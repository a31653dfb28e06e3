"""R16: doubled, shuffled and late frames."""

from typing import Any

import pytest

from tests.chaos.conftest import SceneMaker
from tests.chaos.scene import Market, peak_bytes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

MOST_BYTES = 200_000_000


def test_all_frames_twice_a_third_out_of_order_and_some_late_come_out_exact(
    play: SceneMaker, figures: dict[str, Any]
) -> None:
    scene = play(Market(rate=100))
    scene.exchange()
    connector = scene.connector()
    scene.truth.switch_on("duplicate", within_ms=300)
    scene.truth.switch_on("shuffle", share=0.3, within_ms=200)
    scene.truth.switch_on("delay", share=0.1, by_s=1.0)

    scene.flows(seconds=75)

    figures["whole_s"] = scene.is_exact()
    figures["trades"] = dict(scene.published.sources)
    figures["peak_bytes"] = peak_bytes(connector)
    assert scene.metrics()["wickstream_duplicate_trades"] > 0.9 * scene.published.sources.total()
    assert scene.published.letters == []
    assert figures["peak_bytes"] < MOST_BYTES
