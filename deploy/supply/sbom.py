"""The list of parts for programs: CycloneDX, the same of the same locks, byte for byte."""

from hashlib import sha256
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from deploy.supply.locks import PRODUCT, ROOT
from deploy.supply.parts import JAR, PYTHON, Part
from wickstream.jvm.jars import LOCK_FILE

FILE = ROOT / "sbom" / "wickstream.cdx.json"

LOCKS = (PRODUCT, LOCK_FILE)

_ECOSYSTEMS = {PYTHON: "pypi", JAR: "maven"}


def bom_of(parts: list[Part], version: str) -> str:
    """The document. Hashes of wheels stay in the lock, whose own hash is in it; those of jars are here."""
    root = Component(
        name="wickstream",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=BomRef("wickstream"),
        purl=PackageURL("pypi", None, "wickstream", version),
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        properties=[Property(name=f"wickstream:sha256:{lock.name}", value=_sha256(lock)) for lock in LOCKS],
    )
    components = [component(part) for part in parts]
    bom = Bom(components=components)
    bom.metadata.component = root
    bom.register_dependency(root, components)
    facts = "\n".join(map(str, [version, *parts, *map(_sha256, LOCKS)]))
    bom.serial_number = uuid5(NAMESPACE_URL, facts)
    bom.metadata.timestamp = None  # type: ignore[assignment] # a time would be another each day
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def component(part: Part) -> Component:
    """One part, by the address that others know it by."""
    purl = PackageURL(_ECOSYSTEMS.get(part.kind, "npm"), part.group or None, part.name, part.version)
    return Component(
        name=part.name,
        group=part.group or None,
        version=part.version,
        type=ComponentType.LIBRARY,
        bom_ref=BomRef(str(purl)),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(part.licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)] if part.sha256 else [],
        properties=[Property(name="wickstream:used-by", value=part.used_by)],
    )


def _sha256(lock: Path) -> str:
    return sha256(lock.read_bytes()).hexdigest()
