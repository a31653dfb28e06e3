"""R13: one stream of a hundred falls silent, while its connection lives."""

from typing import Any

import pytest

from tests.chaos.conftest import SceneMaker
from tests.chaos.delays import Delays
from tests.chaos.scene import Market, Scene
from wickstream.exchange.local.doors.visitors import Visit

pytestmark = [pytest.mark.stack]

BY_ID = "/api/v3/historicalTrades"
FOUND_WITHIN_S = 3.0
REFILLED_WITHIN_S = 5.0
YOUNG_S = 2.0  # a younger connection is not renewed for silence
HOUR_S = 3_600


def asked_for_ids(scene: Scene) -> list[Visit]:
    return [visit for visit in scene.truth.visits() if visit.path == BY_ID]


def count_handshakes(scene: Scene) -> int:
    return sum(visit.path == "/stream" for visit in scene.truth.visits())


@pytest.mark.timeout(120)
def test_a_silent_stream_among_a_hundred_is_found_refilled_and_heard_again(
    play: SceneMaker, figures: dict[str, Any]
) -> None:
    scene = play(Market(symbols=100, rate=100, speed=1))
    scene.exchange()
    scene.connector(socket_rules__renew_pause_s=YOUNG_S)
    scene.flows(seconds=YOUNG_S)
    delays = Delays(scene.truth, scene.published, speed=1)
    symbol, already_asked = scene.settings.named_symbols[2], len(asked_for_ids(scene))
    scene.truth.switch_on("stall", streams=[f"{symbol.lower()}@trade"], connections="open")
    silent = scene.truth.moment()
    scene.until(lambda: count_handshakes(scene) == 2, what="a new connection")
    scene.flows()
    heard_again = scene.truth.moment()
    asked = asked_for_ids(scene)[already_asked:]
    scene.flows(seconds=4)

    missed = scene.truth.trades(symbol, silent.newest[symbol] + 1, heard_again.newest[symbol])
    figures["found_s"] = (asked[0].at_ms - delays.real_ms(min(missed.values())[1])) / 1_000
    figures["refilled_s"] = max(delays.of(symbol, silent, heard_again))
    assert figures["found_s"] < FOUND_WITHIN_S
    assert figures["refilled_s"] < REFILLED_WITHIN_S
    assert {visit.symbol for visit in asked} == {symbol}
    assert len(asked_for_ids(scene)) == already_asked + len(asked)  # no false alarm, and the silent one is heard again
    assert count_handshakes(scene) == 2
    scene.is_exact()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_hour_of_true_quiet_alarms_nobody(play: SceneMaker, figures: dict[str, Any]) -> None:
    scene = play(Market(symbols=20, rate=4, speed=40))
    scene.exchange()
    scene.connector()
    scene.flows(seconds=60)
    already_asked = len(asked_for_ids(scene))
    scene.passes(HOUR_S)

    scene.look()
    # At forty times its pace a short pause of ours lets the exchange's clock run away: what comes then is asked for
    set_aside = len(scene.published.letters)
    figures["alarms"] = len(asked_for_ids(scene)) - already_asked - set_aside
    assert figures["alarms"] <= 0
    assert count_handshakes(scene) == 1
    scene.is_exact()
