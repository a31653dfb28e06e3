import ssl
import subprocess
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import closed_with, hear, playing, run
from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.errors import Mistake
from wickstream.exchange.local.faults.conditions import Conditions, conditions_of
from wickstream.exchange.local.market.recording import ReplayPlan
from wickstream.exchange.local.process import local_exchange

SCRIPT = """
rules = { life_seconds = 0.5 }
faults = [
  { fault = "drop", streams = ["btcusdt@trade"], played_s = 0.2, at_most = 3 },
  { fault = "rest_error", status = 451, at_ms = 60_500, for_s = 0.2 },
]
"""


def _plan(tmp_path: Path, *, speed: float | None = 1.0) -> ReplayPlan:
    trades = [trade(number, 60_000 + 10 * number) for number in range(100)]
    return ReplayPlan((capture(tmp_path / "one.frames", trades),), keep_times=True, speed=speed)


def _conditions(tmp_path: Path, script: str) -> Conditions:
    file = tmp_path / "night.toml"
    file.write_text(script)
    return conditions_of(faults=file)


def test_a_script_sets_rules_and_faults_on_the_exchanges_clock(tmp_path: Path, make_settings: SettingsMaker) -> None:
    conditions = _conditions(tmp_path, SCRIPT)

    async def story() -> None:
        async with (
            playing(make_settings(tmp_path), _plan(tmp_path), conditions=conditions) as (client, _),
            client.open("/ws/btcusdt@trade") as socket,
        ):
            times = []
            while (event := await hear(socket))["t"] < 40:
                times.append(event["T"])
            steps = [(one, other) for one, other in pairwise(times) if other != one + 10]
            assert [other - one for one, other in steps] == [40]
            assert 60_180 <= steps[0][0] <= 60_250
            while (status := (await client.ask("/api/v3/ping"))[0]) == 200:
                pass
            assert status == 451
            assert await closed_with(socket) == aiohttp.WSCloseCode.GOING_AWAY

    run(story)


def test_a_script_may_name_only_what_is_played(tmp_path: Path, make_settings: SettingsMaker) -> None:
    conditions = _conditions(tmp_path, 'faults = [{ fault = "status", symbol = "XYZ", status = "HALT" }]')

    async def story() -> None:
        with pytest.raises(Mistake, match="XYZ is not played"):
            async with local_exchange(make_settings(tmp_path), _plan(tmp_path), conditions=conditions):
                pass

    run(story)


@pytest.mark.system_program("openssl")
def test_with_a_certificate_it_speaks_tls(tmp_path: Path, make_settings: SettingsMaker) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    trusted = ssl.create_default_context(cafile=str(cert))

    async def story() -> None:
        settings = make_settings(tmp_path)
        conditions = conditions_of(tls_cert=cert, tls_key=key)
        url = f"wss://127.0.0.1:{settings.port('exchange')}/ws/btcusdt@trade"
        async with (
            local_exchange(settings, _plan(tmp_path, speed=None), conditions=conditions),
            aiohttp.ClientSession() as session,
            session.ws_connect(url, ssl=trusted) as socket,
        ):
            assert [(await hear(socket))["t"] for _ in range(100)] == list(range(100))

    run(story)


def test_what_is_no_certificate_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="--tls-cert"):
        conditions_of(tls_cert=tmp_path / "none.pem")
    with pytest.raises(Mistake, match="needs --tls-cert"):
        conditions_of(tls_key=tmp_path / "none.pem")
