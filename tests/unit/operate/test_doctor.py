import socket
from pathlib import Path

import pytest

from wickstream.config import Settings, read_settings
from wickstream.operate.doctor import SYSTEM_PACKAGES, Finding, Verdict, examine


@pytest.fixture
def settings(tmp_path: Path, port_base: int) -> Settings:
    return read_settings(data_dir=tmp_path / "not" / "yet", cache_dir=tmp_path / "cache", port_base=port_base)


def finding(settings: Settings, check: str) -> Finding:
    return next(finding for finding in examine(settings) if finding.check == check)


def test_every_finding_that_is_not_ok_says_how_to_mend_it(settings: Settings) -> None:
    findings = examine(settings)

    assert all(finding.mend for finding in findings if finding.verdict is not Verdict.OK)
    assert not settings.data_dir.exists()


def test_packages_that_only_tests_need_are_listed_by_their_debian_names(settings: Settings) -> None:
    assert set(SYSTEM_PACKAGES.values()) <= {finding.check for finding in examine(settings)}


def test_an_empty_cache_means_that_a_registry_is_needed(settings: Settings) -> None:
    found = finding(settings, "servers")

    assert found.verdict is Verdict.WARN
    assert "registry" in found.mend


def test_a_port_in_use_fails(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.port("postgres"))):
        found = finding(settings, "ports")

    assert found.verdict is Verdict.FAIL
    assert f"{settings.port('postgres')} (postgres)" in found.found
    assert finding(settings, "ports").verdict is Verdict.OK
