"""The certificates this machine trusts, as a key store a JVM can read."""

import hashlib
import re
import ssl
import struct
import tempfile
from pathlib import Path

from wickstream.config import Settings

DEBIAN_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_MAGIC, _VERSION, _TRUSTED = 0xFEEDFEED, 2, 2


def trust_flags(settings: Settings) -> tuple[str, ...]:
    """JVM flags that make it trust what Python trusts; none where no bundle is found.

    A Java of its own (the wheel, Temurin) does not know the certificate of a company's inspecting proxy.
    """
    bundle = ca_bundle()
    if bundle is None:
        return ()
    pem = bundle.read_text(encoding="ascii", errors="replace")
    store = settings.cache_dir / f"trust-{hashlib.sha256(pem.encode()).hexdigest()[:12]}.jks"
    if not store.exists():
        _write_whole(store, key_store(pem))
    return (f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStoreType=JKS")


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        draft.write(content)
    Path(draft.name).replace(path)


def ca_bundle() -> Path | None:
    """The PEM bundle of `SSL_CERT_FILE`, of OpenSSL, or of Debian."""
    known = ssl.get_default_verify_paths().cafile
    candidates = (Path(known) if known else DEBIAN_BUNDLE, DEBIAN_BUNDLE)
    return next((path for path in candidates if path.is_file()), None)


def key_store(pem: str, *, password: str = "changeit") -> bytes:  # noqa: S107  Java's customary one; certificates are public
    """The certificates of a PEM bundle in Java's JKS format."""
    certificates = [ssl.PEM_cert_to_DER_cert(block) for block in _CERTIFICATE.findall(pem)]
    body = struct.pack(">III", _MAGIC, _VERSION, len(certificates))
    for number, der in enumerate(certificates):
        body += struct.pack(">I", _TRUSTED) + _text(f"ca-{number}") + struct.pack(">Q", 0)
        body += _text("X.509") + struct.pack(">I", len(der)) + der
    seal = password.encode("utf-16-be") + b"Mighty Aphrodite" + body
    return body + hashlib.sha1(seal, usedforsecurity=False).digest()


def _text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode("ascii")
