"""The list of parts: current, valid, complete, and the same each time."""

import json
from importlib.metadata import version

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy.supply.locks import PRODUCT, pins
from deploy.supply.parts import parts
from deploy.supply.sbom import FILE, bom_of
from wickstream.jvm.jars import LOCK_FILE

VERSION = version("wickstream")


def test_the_list_in_the_repository_is_what_the_locks_say_now() -> None:
    assert FILE.read_text("utf-8") == bom_of(parts(), VERSION), "`make sbom` writes it"


def test_it_is_valid_and_names_every_package_jar_and_script() -> None:
    text = FILE.read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    named = {component["purl"] for component in json.loads(text)["components"]}
    assert {f"pkg:pypi/{pin.name}@{pin.version}" for pin in pins(PRODUCT)} <= named
    jars = [line.split() for line in LOCK_FILE.read_text("ascii").splitlines()]
    assert {f"pkg:maven/{group}/{name.partition(':')[0]}@{number}" for _, group, name, number, _ in jars} <= named
    assert any(purl.startswith("pkg:npm/lightweight-charts@") for purl in named)


def test_another_version_of_a_part_is_another_list() -> None:
    listed = parts()
    assert (
        json.loads(bom_of(listed, VERSION))["serialNumber"] != json.loads(bom_of(listed[1:], VERSION))["serialNumber"]
    )
