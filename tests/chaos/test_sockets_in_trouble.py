"""R14: connections that are cut, refused, or too old; the exchange's limits are kept all the while."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.conftest import SceneMaker
from tests.chaos.scene import Market, Scene
from tests.running import Running
from wickstream.exchange.local.doors.visitors import Visit

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

TAKEN = 101
BY_ID = "/api/v3/historicalTrades"
FIVE_MINUTES_S = 300.0
FEW_CONNECTS = {  # of 300 in 5 minutes
    "socket_rules__connects_allowed": 8,
    "socket_rules__connects_window_s": 3,
    "socket_rules__backoff_cap_s": 0.2,
}
BUSY = 120  # trades a second of the exchange's clock: the shortest hole would have some
ON_THEIR_WAY_S = 0.5  # some are longer than others


def handshakes(scene: Scene) -> list[Visit]:
    """Those that were refused, too."""
    return [visit for visit in scene.truth.visits() if visit.path == "/stream"]


def most_within(visits: Iterable[Visit], window_s: float) -> int:
    """How many came in any so many seconds."""
    times = [visit.at_ms for visit in visits]
    return max(sum(start <= at < start + window_s * 1_000 for at in times) for start in times)


def storm(scene: Scene, *, every_s: float, times: int) -> None:
    """Cut off, sent away, and cut off by a fault of the server, in turn."""
    for turn, code in enumerate((1006, 1008, 1011)):
        scene.truth.switch_on(
            "close", code=code, after_s=turn * every_s, every_s=3 * every_s, times=(times - turn + 2) // 3
        )


def wait_for_calm(scene: Scene, figures: dict[str, Any], *, deadline_s: float) -> None:
    """The faults are over; measures how long it takes to be live, and whole."""
    is_calm = lambda: all(fault["state"] == "over" for fault in scene.truth.faults())  # noqa: E731
    scene.until(is_calm, deadline_s=deadline_s, what="the end of the faults")
    calm = scene.truth.moment()
    figures["live_s"] = scene.until(lambda: scene.has_news_of(calm), what="live again")
    figures["whole_s"] = figures["live_s"] + scene.is_exact()


def assert_polite(exchange: Running) -> None:
    assert "too many messages" not in exchange.log.read_text()


def test_a_storm_of_disconnects_and_a_time_of_refusal_lose_nothing(play: SceneMaker, figures: dict[str, Any]) -> None:
    scene = play(Market())
    exchange = scene.exchange()
    scene.connector(**FEW_CONNECTS)
    scene.flows()
    storm(scene, every_s=0.1, times=40)
    scene.truth.switch_on("refuse", after_s=3, for_s=5)  # longer than the connect window: one attempt meets it
    wait_for_calm(scene, figures, deadline_s=30)

    figures["connects"] = len(handshakes(scene))
    assert most_within(handshakes(scene), 3 + ON_THEIR_WAY_S) >= 8
    assert most_within(handshakes(scene), 3 - ON_THEIR_WAY_S) <= 8
    assert {visit.status for visit in handshakes(scene)} == {TAKEN, None}
    assert_polite(exchange)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_five_hundred_disconnects_in_ten_minutes_lose_nothing(play: SceneMaker, figures: dict[str, Any]) -> None:
    scene = play(Market(rate=60, speed=1))
    exchange = scene.exchange()
    scene.connector()
    scene.flows()
    storm(scene, every_s=1.2, times=500)
    scene.truth.switch_on("refuse", after_s=610, for_s=120)
    wait_for_calm(scene, figures, deadline_s=900)

    figures["connects"] = len(handshakes(scene))
    figures["connects_in_5_min"] = most_within(handshakes(scene), FIVE_MINUTES_S)
    assert figures["connects_in_5_min"] <= 300
    assert_polite(exchange)


@pytest.mark.parametrize(
    ("life_s", "times"),
    [
        pytest.param(1.5, 4, id="1.5 s"),
        pytest.param(30, 20, id="30 s", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
def test_a_life_that_the_exchange_ends_loses_nothing(
    play: SceneMaker, figures: dict[str, Any], tmp_path: Path, life_s: float, times: int
) -> None:
    script = tmp_path / "short_lives.toml"
    script.write_text(f"rules = {{ life_seconds = {life_s} }}")
    scene = play(Market())
    exchange = scene.exchange(script)
    scene.connector(socket_rules__steady_s=1.0)  # a day is no failure
    scene.until(lambda: len(handshakes(scene)) > times, deadline_s=(life_s + 10) * times, what="so many lives")

    figures["whole_s"] = scene.is_exact()
    figures["trades"] = dict(scene.published.sources)
    assert_polite(exchange)


def assert_without_a_hole(scene: Scene, started: int) -> None:
    """Every trade came over a socket, in its turn; nothing was even asked for since the start."""
    scene.flows()
    asked = [visit for visit in scene.truth.visits() if visit.path == BY_ID]
    assert len(asked) == started
    assert scene.published.sources["ws"] > 0
    scene.is_exact()


def count_asked(scene: Scene) -> int:
    return sum(visit.path == BY_ID for visit in scene.truth.visits())


def test_a_planned_rotation_has_no_hole(play: SceneMaker, figures: dict[str, Any], tmp_path: Path) -> None:
    script = tmp_path / "a_day.toml"
    script.write_text("rules = { life_seconds = 6 }")
    scene = play(Market(rate=BUSY))
    exchange = scene.exchange(script)
    connector = scene.connector(socket_rules__life_s=1.0)
    scene.flows()
    started = count_asked(scene)
    scene.until(lambda: len(handshakes(scene)) > 6, what="some rotations")

    assert_without_a_hole(scene, started)
    assert "feed lost" not in connector.log.read_text()
    assert_polite(exchange)
    figures["rotations"] = len(handshakes(scene)) - 1


def test_an_announced_shutdown_is_followed_at_once_and_has_no_hole(play: SceneMaker, figures: dict[str, Any]) -> None:
    scene = play(Market(rate=BUSY))
    scene.exchange()
    connector = scene.connector()
    scene.flows()
    started = count_asked(scene)
    scene.truth.switch_on("server_shutdown")
    figures["anew_s"] = scene.until(lambda: len(handshakes(scene)) == 2, what="a new connection")
    scene.until(lambda: "connected anew" in connector.log.read_text(), what="its taking over")

    assert_without_a_hole(scene, started)
    assert "feed lost" not in connector.log.read_text()
