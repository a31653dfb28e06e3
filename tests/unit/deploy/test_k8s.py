"""The manifests of Kubernetes, held to its schemas and to what we hold every process to. No cluster is asked."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from wickstream.config import PORT_OFFSETS, setting_names

FOLDER = Path(__file__).parents[3] / "deploy" / "k8s"
VERSION = "1.31"
MANIFESTS: list[dict[str, Any]] = [
    document
    for file in sorted(FOLDER.glob("*.yaml"))
    if file.name != "kustomization.yaml"
    for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]
WORKLOADS = {each["metadata"]["name"]: each for each in MANIFESTS if "template" in each.get("spec", {})}
PROCESSES = {"connector": "connector", "stream": "stream", "tickers": "tickers", "writer": "writer",
             "repair": "repair", "api": "api"}  # fmt: skip


def named(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']}-{manifest['metadata']['name']}"


def containers(workload: dict[str, Any]) -> list[dict[str, Any]]:
    pod = workload["spec"]["template"]["spec"]
    return [*pod.get("initContainers", ()), *pod["containers"]]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=named)
def test_a_manifest_is_of_the_schema(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_the_kustomization_names_every_file() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
    assert {*kustomization["resources"], "kustomization.yaml"} == {file.name for file in FOLDER.glob("*.yaml")}


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_pod_is_nobody_writes_into_its_volumes_only_and_is_bounded(name: str) -> None:
    pod = WORKLOADS[name]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    for container in containers(WORKLOADS[name]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted <= {volume["name"] for volume in pod["volumes"]}
    assert pod["containers"][0]["resources"]["limits"]["memory"]


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_is_asked_how_it_is_where_it_listens(name: str) -> None:
    [container] = WORKLOADS[name]["spec"]["template"]["spec"]["containers"]
    port = 8_000 + PORT_OFFSETS[PROCESSES[name]]
    assert {port} == {
        container["ports"][0]["containerPort"],
        container["livenessProbe"]["httpGet"]["port"],
        container["readinessProbe"]["httpGet"]["port"],
    }


def test_what_is_told_are_settings() -> None:
    [told] = [each["data"] for each in MANIFESTS if each["kind"] == "ConfigMap"]
    assert told.keys() <= set(setting_names().values())
    own = {
        variable["name"] for each in WORKLOADS.values() for box in containers(each) for variable in box.get("env", ())
    }
    assert own <= {*setting_names().values(), "WICKSTREAM_SECRETS_DIR", "SHARD"}


def test_the_connectors_share_all_symbols() -> None:
    connector = WORKLOADS["connector"]
    environment = containers(connector)[0]["env"]
    [shard] = [variable["value"] for variable in environment if variable["name"] == "CONNECTOR_SHARD"]
    assert shard == f"$(SHARD)/{connector['spec']['replicas']}"


def test_each_of_the_apis_knows_how_many_there_may_be() -> None:
    [told] = [each["data"] for each in MANIFESTS if each["kind"] == "ConfigMap"]
    [scaler] = [each["spec"] for each in MANIFESTS if each["kind"] == "HorizontalPodAutoscaler"]
    assert int(told["API_WORKERS"]) == scaler["maxReplicas"]


def test_no_secret_is_in_the_manifests() -> None:
    [told] = [each["data"] for each in MANIFESTS if each["kind"] == "ConfigMap"]
    assert not [name for name in told if re.search("PASSWORD|_KEY$|TOKEN|WEBHOOK", name)]
    assert "Secret" not in {each["kind"] for each in MANIFESTS}
