"""A real Prometheus scrapes the running stack: each alert fires under its fault, and clears when that is over."""

import re
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import pytest

from tests import trouble
from tests.conftest import SettingsMaker
from tests.monitored_stack import MonitoredStack, monitored
from tests.prometheus_server import DEPLOY
from tests.running import wait_until
from tests.trouble import Trouble
from wickstream.metrics import EXPORTED

pytestmark = [pytest.mark.stack, pytest.mark.system_program("promtool"), pytest.mark.timeout(900)]

PATIENCE_S = 300.0  # a busy machine takes its time
OF_A_BUSY_MACHINE = {"StreamSlow", "StreamStopped", "TierBehind", "CandlesUnproven", "ApiSlow"}  # and rightly so

TROUBLES: dict[Trouble, set[str]] = {  # by name, and what it is about
    trouble.dead_process: {"ProcessDown tickers"},
    trouble.silent_exchange: {"FeedSilent", "FeedLagging"},
    trouble.bad_frames: {"DeadLetters malformed"},
    trouble.contradiction: {"ContradictionFound hot", "ContradictionFound warm"},
    trouble.refusing_sink: {"SinkFailing webhook"},
    trouble.small_redis: {"RedisFull"},
    trouble.nearly_full_disk: {"DiskNearlyFull"},
    trouble.full_lake: {"ArchiveBehind", "TierFailing cold-trades"},
    trouble.postgres_away: {"ServerDown postgres", "TierFailing warm", "TierBehind warm", "ApiErrors"},
    trouble.frozen_redis: {"ApiSlow", "ServerDown redis"},
    trouble.frozen_spark: {"StreamStopped candles"},
    trouble.starved_spark: {"StreamSlow candles"},
    trouble.holes_everywhere: {"RestWeightHigh"},
    trouble.lost_trades: {"GapsOpen", "CandlesUnproven"},
}


@pytest.fixture(scope="module")
def stack(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoredStack]:
    """With all that can go wrong with it, and nothing that does."""
    with monitored(make_settings, tmp_path_factory.mktemp("monitored")) as stack:
        yield stack


@pytest.mark.slow
def test_all_is_scraped_every_rule_has_a_result_and_in_good_health_nobody_is_woken(
    stack: MonitoredStack,
) -> None:
    prometheus = stack.prometheus
    wait_until(lambda: prometheus.up() == dict.fromkeys(EXPORTED, True), what="all scraped")
    wait_until(lambda: set(prometheus.rules().values()) == {"ok"}, what="all rules evaluated")
    records = re.findall(r"record: (\S+)", (DEPLOY / "rules" / "recording.yml").read_text("utf-8"))
    with trouble.visiting(stack, "/api/v1/system/gaps"):
        wait_until(
            lambda: not [record for record in records if prometheus.value(record) is None],
            deadline_s=PATIENCE_S,
            what="a result of every record",
        )
    wait_until(lambda: names_of(prometheus.firing()) <= OF_A_BUSY_MACHINE, deadline_s=PATIENCE_S, what="no alert")


def names_of(alerts: Iterable[str]) -> set[str]:
    return {alert.partition(" ")[0] for alert in alerts}


def test_every_alert_has_its_trouble() -> None:
    alerts = re.findall(r"alert: (\S+)", (DEPLOY / "rules" / "alerts.yml").read_text("utf-8"))
    assert set(alerts) == names_of(chain(*TROUBLES.values()))


@pytest.mark.slow
@pytest.mark.parametrize("fault", TROUBLES, ids=lambda each: each.__name__)
def test_an_alert_fires_under_its_fault_and_clears_when_that_is_over(
    stack: MonitoredStack, fault: Trouble, figures: dict[str, Any]
) -> None:
    expected = TROUBLES[fault]
    prometheus = stack.prometheus
    wait_until(lambda: not expected & prometheus.firing(), deadline_s=PATIENCE_S, what=f"{expected} being over")
    began_s = time.monotonic()
    with fault(stack):
        wait_until(lambda: expected <= prometheus.firing(), deadline_s=PATIENCE_S, what=f"{expected} firing")
        figures["fires_s"] = round(time.monotonic() - began_s, 1)
    began_s = time.monotonic()
    wait_until(lambda: not expected & prometheus.firing(), deadline_s=PATIENCE_S, what=f"{expected} clearing")
    figures["clears_s"] = round(time.monotonic() - began_s, 1)
