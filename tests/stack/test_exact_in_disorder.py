"""The captures by a socket on which every frame comes twice and a third of them is overtaken: exact and closed."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.conftest import SettingsMaker
from tests.running import Launcher, wait_until
from tests.stored_klines import closed, closed_minutes, official_minutes, unlike
from tests.whole_stack import CAPTURES, WholeStack
from wickstream.config import Settings
from wickstream.operate.servers.local import with_local_addresses
from wickstream.operate.source import Wish, choose
from wickstream.operate.stack import build_layers
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.store.warm.database import conninfo

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]

SPEED = "12"  # so that a shuffled second is many frames, and a minute is proven before the next begins
DISORDER = [
    {"fault": "duplicate", "within_ms": 300},
    {"fault": "shuffle", "share": 0.3, "within_ms": 200},
]


@pytest.fixture
def disorderly(tmp_path: Path, make_settings: SettingsMaker) -> Iterator[Settings]:
    """Settings of a stack that plays the spot captures, from the socket to the warm tier."""
    files = CAPTURES["spot"]
    wish = Wish(files=files, keep_times=True, speed=SPEED)
    chosen = choose(make_settings(tmp_path / "data"), wish, root=tmp_path)
    script = tmp_path / "disorder.json"
    script.write_text(json.dumps({"seed": 7, "faults": DISORDER}), "utf-8")
    with closing(Launcher()) as launcher:
        for part in (part for layer in build_layers(chosen) for part in layer):
            if not isinstance(part, ProcessSpec):
                part.action()
            elif part.name == "exchange":
                launcher.start(replace(part, argv=(*part.argv, f"--faults={script}")))
            elif part.name not in {"tickers", "serve", "repair"}:
                launcher.start(part)
        yield with_local_addresses(chosen.settings)


def test_doubled_and_shuffled_frames_come_out_as_the_exchanges_own_klines(disorderly: Settings) -> None:
    names = {file.name.removesuffix(".frames.gz"): file.name.split("_")[1].upper() for file in CAPTURES["spot"]}
    official = sum(len(official_minutes(name)) for name in names)

    with psycopg.connect(conninfo(disorderly), autocommit=True) as conn:
        wait_until(lambda: closed_minutes(conn) >= official, deadline_s=400, what="every minute closed")

    doubled = WholeStack(disorderly).metric("connector", "wickstream_duplicate_trades")
    assert doubled > 30_000, "or the frames did not come twice"
    assert [row for name, symbol in names.items() for row in unlike(disorderly, name, symbol)] == []
    for name, symbol in names.items():
        assert [candle.open_time for candle in closed(disorderly, symbol)] == official_minutes(name)
        assert {candle.revision for candle in closed(disorderly, symbol)} == {0}, "by Spark, without repair"
