"""A real Prometheus scrapes an API that wants a key, by the configuration that is delivered."""

from pathlib import Path

import pytest

from tests.conftest import SettingsMaker
from tests.prometheus_server import PrometheusServer
from tests.running import Launcher, wait_until
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from tests.unit.serve.front.given_keys import GIVEN, key_text
from wickstream.serve.app import build_app

pytestmark = pytest.mark.system_program("promtool")  # whose package is Prometheus' own


@pytest.mark.parametrize(("key", "answered"), [("metrics", True), ("read", False), (None, False)])
def test_prometheus_is_let_in_by_its_key(
    make_settings: SettingsMaker, launcher: Launcher, tmp_path: Path, key: str | None, *, answered: bool
) -> None:
    settings = make_settings(tmp_path, source="demo", api_keys="required")
    with served(build_app(settings, open_reader=FakeTiers(keys=GIVEN).opened)) as address:
        target = {"targets": [address.removeprefix("http://")], "labels": {"process": "api"}}
        prometheus = PrometheusServer(
            tmp_path / "prometheus", port=settings.port("api"), targets=[target], key=key and key_text(key)
        )
        running = launcher.start(prometheus.spec)
        wait_until(lambda: prometheus.value("up") is not None, what="a scrape")
        assert prometheus.up() == {"api": answered}
        running.stop()
