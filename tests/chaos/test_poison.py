"""R11 and R12: frames that nobody can use, and times that cannot be, among good ones."""

from collections import Counter
from typing import Any

import pytest

from tests.chaos.conftest import SceneMaker
from tests.chaos.scene import Market, Scene
from tests.chaos.witness import witness
from wickstream.exchange.sequencing.shard import LETTER_LIMIT_BYTES

pytestmark = [pytest.mark.stack]

TRADES = ("*@trade",)
POISONS: tuple[dict[str, Any], ...] = (  # how many of a thousand; in place of a good frame, or beside it
    {"fault": "bad_json", "at_most": 430, "share": 0.0215, "in_place": False},
    {"fault": "wrong_types", "at_most": 430, "share": 0.0215, "in_place": False},
    {"fault": "bad_json", "at_most": 60, "share": 0.003},
    {"fault": "wrong_types", "at_most": 60, "share": 0.003},
    {"fault": "oversize", "at_most": 20, "share": 0.001, "size_bytes": 950_000},
)
YEAR_2286_MS = 10**13
# On a clock that runs six times as fast, 10 s ahead is what 5 s ahead and a busy machine are on the real one.
WRONG_TIMES = ({"to_ms": 86_400_000}, {"by_s": 10.0}, {"by_s": 86_400.0}, {"to_ms": YEAR_2286_MS})
EACH = 10


def raw_letters(scene: Scene) -> list[bytes]:
    return [raw for _, raw in scene.published.letters]


@pytest.mark.parametrize(
    "thousands",
    [
        pytest.param(1, marks=pytest.mark.timeout(120)),
        pytest.param(10, marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
def test_every_poisonous_frame_is_set_aside_as_it_came_and_no_good_one_is_lost(
    play: SceneMaker, figures: dict[str, Any], thousands: int
) -> None:
    scene = play(Market(symbols=5, rate=300))
    scene.exchange()
    scene.connector()
    scene.flows()
    with witness(scene.settings) as heard:
        for poison in POISONS:
            scene.truth.switch_on(**{**poison, "at_most": poison["at_most"] * thousands, "streams": TRADES})
        took_s = scene.until(
            lambda: len(scene.published.letters) >= 1_000 * thousands, deadline_s=60 * thousands, what="the poison"
        )
        scene.truth.switch_on("oversize", streams=TRADES, at_most=1, size_bytes=2_000_000)  # ends the connection
        scene.flows()
        figures["whole_s"] = scene.is_exact(deadline_s=90)

    figures |= {"trades": dict(scene.published.sources), "poison_s": took_s}
    letters = Counter(raw_letters(scene))
    assert 0 <= letters.total() - 1_000 * thousands <= 1
    assert letters <= Counter({frame[:LETTER_LIMIT_BYTES]: count for frame, count in heard.items()})
    assert all(reason for reason, _ in scene.published.letters)


@pytest.mark.timeout(120)
def test_trades_stamped_with_impossible_times_are_quarantined_and_asked_for_by_id(
    play: SceneMaker, figures: dict[str, Any]
) -> None:
    scene = play(Market(rate=60))
    scene.exchange()
    scene.connector()
    scene.flows()
    for wrong in WRONG_TIMES:
        scene.truth.switch_on("wrong_time", streams=TRADES, share=0.02, at_most=EACH, **wrong)
    scene.until(lambda: len(scene.published.letters) >= EACH * len(WRONG_TIMES), what="the quarantine")
    scene.flows(seconds=20)

    figures["whole_s"] = scene.is_exact()
    figures["trades"] = dict(scene.published.sources)
    reasons = Counter(reason.partition(":")[0] for reason, _ in scene.published.letters)
    assert reasons == {"time": EACH * len(WRONG_TIMES)}
    assert scene.published.sources["rest"] >= EACH
