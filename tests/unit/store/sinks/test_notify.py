"""What a sink's loop hands over, and when; with Kafka it is tested in tests/stack."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from confluent_kafka import Message

from tests.alerts import whale
from tests.conftest import SettingsMaker
from wickstream.bus.codec import encode
from wickstream.bus.consumer import Place, Positions
from wickstream.bus.topics import ALERTS
from wickstream.errors import SinkBusy
from wickstream.events import Alert, Tellable
from wickstream.sink_settings import SinkName
from wickstream.store.intake import batch_of
from wickstream.store.sinks.message import id_of
from wickstream.store.sinks.notify import LONGEST_PAUSE_S, PIECE, STALE_MS, Notifier

PLACE = Place(ALERTS, 1)


class Scripted:
    """A sink that fails as often as it is told to."""

    def __init__(self, *failures: SinkBusy) -> None:
        self._failures = list(failures)
        self.told: list[str] = []

    def send(self, told: Tellable, /) -> str:
        if self._failures:
            raise self._failures.pop(0)
        self.told.append(id_of(told))
        return "taken"

    def close(self) -> None:
        pass


class Scene:
    """A notifier and what lies in its partition."""

    def __init__(self, make_settings: SettingsMaker, folder: Path, *failures: SinkBusy) -> None:
        self.sink = Scripted(*failures)
        self.now_s = 1_000_000.0
        self.notifier = Notifier(make_settings(folder), SinkName.LOG, self.sink, clock=lambda: self.now_s)
        self.end = 0

    def take(self, *alerts: Alert, published_ms: int = 1_000_000_000) -> Positions:
        records = [self._record(alert, published_ms) for alert in alerts]
        self.end += len(alerts)
        return self.notifier.take(batch_of(records))

    def _record(self, alert: Alert, published_ms: int) -> Message:
        return Message(topic=ALERTS, partition=1, offset=self.end, value=encode(alert), timestamp=(1, published_ms))


@pytest.fixture
def scene(make_settings: SettingsMaker, tmp_path: Path) -> Scene:
    return Scene(make_settings, tmp_path)


def test_the_offset_moves_behind_each_alert_that_was_told(scene: Scene) -> None:
    assert scene.take(whale(1)) == {PLACE: 1}
    assert scene.take(whale(2)) == {PLACE: 2}
    assert scene.sink.told == ["whale:BTCUSDT:1", "whale:BTCUSDT:2"]


def test_what_is_passed_over_moves_it_when_nothing_else_comes_or_much_has_come(scene: Scene) -> None:
    late = whale(late=True)

    assert [scene.take(late), scene.take(late), scene.take()] == [{}, {}, {PLACE: 2}]
    handed_over: Sequence[Positions] = [scene.take(late) for _ in range(PIECE)]
    assert handed_over == [*[{}] * (PIECE - 1), {PLACE: 2 + PIECE}]
    scene.take(late)
    assert scene.notifier.finish() == {PLACE: 3 + PIECE}


def test_what_waited_for_a_day_is_not_told_any_more(scene: Scene) -> None:
    at_ms = int(scene.now_s * 1_000)
    scene.take(whale(1), published_ms=at_ms - STALE_MS - 1)
    scene.take(whale(2), published_ms=at_ms - STALE_MS)

    assert scene.sink.told == ["whale:BTCUSDT:2"]


def test_pauses_grow_while_it_fails_and_begin_anew_afterwards(make_settings: SettingsMaker, tmp_path: Path) -> None:
    failures = [SinkBusy("away") for _ in range(10)]
    scene = Scene(make_settings, tmp_path, *failures, SinkBusy("busy", retry_after_s=3_000))
    pauses = [pause_of(scene) for _ in range(11)]

    assert 0.5 <= pauses[0] <= 1.0
    assert pauses[1] <= 2.0
    assert LONGEST_PAUSE_S / 2 <= pauses[9] <= LONGEST_PAUSE_S
    assert pauses[10] == 3_000
    assert scene.take(whale(1)) != {}
    assert scene.sink.told == ["whale:BTCUSDT:1"]


def pause_of(scene: Scene) -> float:
    with pytest.raises(SinkBusy) as caught:
        scene.take(whale(1))
    return caught.value.retry_after_s
