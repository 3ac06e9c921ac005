"""What lies in deploy/ is what the program takes: images, commands, roles, ports, settings."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from api.settings import ROLES, Role, Settings, unknown_variables
from ray_cluster.ray_node import HEALTH
from tests.support.shared import ROOT

DEPLOY = ROOT / "deploy"
OWN = f"selene:{version('selene')}"
OTHERS = {"postgres:17", "redis:7"}
PORTS: dict[str, int] = Settings.model_fields["ports"].default.model_dump()

NAME = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}
STRINGS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
CONTAINER = {
    "type": "object",
    "required": ["name", "image", "resources"],
    "additionalProperties": False,
    "properties": {
        "name": NAME,
        "image": {"const": OWN},
        "command": STRINGS,
        "ports": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["containerPort", "name"],
                "properties": {"containerPort": {"type": "integer"}, "name": NAME},
            },
        },
        "env": {"type": "array", "items": {"type": "object", "required": ["name"]}},
        "envFrom": {"type": "array"},
        "volumeMounts": {
            "type": "array",
            "items": {"type": "object", "required": ["name", "mountPath"]},
        },
        "readinessProbe": {"type": "object", "required": ["httpGet"]},
        "resources": {"type": "object", "required": ["requests", "limits"]},
    },
}
POD = {
    "type": "object",
    "required": ["containers", "volumes", "terminationGracePeriodSeconds"],
    "properties": {"containers": {"type": "array", "items": CONTAINER, "minItems": 1}},
}
TEMPLATE = {"type": "object", "required": ["spec"], "properties": {"spec": POD}}
GROUP = {"type": "object", "required": ["template", "rayStartParams"],
         "properties": {"template": TEMPLATE}}  # fmt: skip
SPECS: dict[str, Any] = {
    "Deployment": {
        "required": ["replicas", "selector", "template"],
        "properties": {"replicas": {"type": "integer", "minimum": 1}, "template": TEMPLATE},
    },
    "RayCluster": {
        "required": ["rayVersion", "headGroupSpec", "workerGroupSpecs"],
        "properties": {
            "headGroupSpec": GROUP,
            "workerGroupSpecs": {"type": "array", "items": GROUP, "minItems": 1},
        },
    },
    "Service": {"required": ["selector", "ports"]},
    "PodDisruptionBudget": {
        "required": ["maxUnavailable", "selector"],
        "properties": {"selector": {"required": ["matchLabels"]}},
    },
}
KUBERNETES = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata"],
    "properties": {
        "kind": {"enum": ["ConfigMap", *SPECS]},
        "metadata": {"required": ["name"], "properties": {"name": NAME}},
    },
}
COMPOSE_SERVICE = {
    "type": "object",
    "required": ["image", "restart"],
    "properties": {
        "image": {"enum": [OWN, *sorted(OTHERS)]},
        "command": STRINGS,
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "secrets": STRINGS,
        "volumes": STRINGS,
        "ports": STRINGS,
    },
}

Json = dict[str, Any]


def manifests() -> list[Json]:
    """Every document for Kubernetes."""
    listed = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
    files = sorted(path.name for path in (DEPLOY / "kubernetes").glob("*.yaml"))
    assert files == sorted([*listed["resources"], "kustomization.yaml"])
    texts = (DEPLOY / "kubernetes" / name for name in listed["resources"])
    return [document for text in texts for document in yaml.safe_load_all(text.read_text())]


def compose() -> Json:
    found: Json = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def pods() -> Iterator[tuple[str, Json]]:
    """Each kind of pod, by the name of what makes it."""
    for one in manifests():
        name, spec = one["metadata"]["name"], one.get("spec", {})
        if one["kind"] == "Deployment":
            yield name, spec["template"]["spec"]
        if one["kind"] == "RayCluster":
            for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
                yield name, group["template"]["spec"]


def of_kind(kind: str) -> dict[str, Json]:
    return {m["metadata"]["name"]: m for m in manifests() if m["kind"] == kind}


def serving() -> Iterator[tuple[str, list[str], Mapping[str, str]]]:
    """Every `selene serve`: where, its roles, and the variables that it is given."""
    shared = of_kind("ConfigMap")["selene"]["data"]
    for name, pod in pods():
        for container in pod["containers"]:
            if "command" in container:
                own = {
                    one["name"]: one.get("value", "postgresql://db/x") for one in container["env"]
                }
                yield name, container["command"], {**shared, **own}
    for name, service in compose()["services"].items():
        if service["image"] == OWN and service["command"][0] == "selene":
            yield name, service["command"], service["environment"]


@pytest.mark.parametrize(
    "manifest", manifests(), ids=lambda m: f"{m['kind']}-{m['metadata']['name']}"
)
def test_manifests_are_of_the_right_shape(manifest: Json) -> None:
    jsonschema.validate(manifest, KUBERNETES)
    if manifest["kind"] in SPECS:
        jsonschema.validate(manifest["spec"], SPECS[manifest["kind"]])


@pytest.mark.parametrize("name", sorted(compose()["services"]))
def test_services_of_the_compose_file_are_of_the_right_shape(name: str) -> None:
    whole = compose()
    service = whole["services"][name]
    jsonschema.validate(service, COMPOSE_SERVICE)
    assert set(service.get("secrets", [])) <= set(whole["secrets"])
    assert set(service.get("depends_on", {})) <= set(whole["services"])
    volumes = {volume.partition(":")[0] for volume in service.get("volumes", [])}
    assert volumes <= set(whole["volumes"])
    published = {int(port.rpartition(":")[2]) for port in service.get("ports", [])}
    assert published <= set(PORTS.values())


def test_everything_that_is_served_has_roles_that_there_are() -> None:
    served: set[str] = set()
    for where, command, _ in serving():
        assert command[:2] == ["selene", "serve"], where
        assert set(command[2:]) <= set(get_args(Role)), where
        served |= set(command[2:])
    assert served >= set(ROLES) - {"agent"}, "an agent needs cameras, which only its owner knows"


def test_variables_are_settings_and_their_values_are_taken(tmp_path: Path) -> None:
    for where, _, variables in serving():
        assert not list(unknown_variables(variables)), where
        given: Json = {"data_dir": tmp_path}
        for name, value in variables.items():
            *groups, last = name.removeprefix("SELENE_").lower().split("__")
            into = given
            for group in groups:
                into = into.setdefault(group, {})
            into[last] = value
        settings = Settings.model_validate(given)
        assert settings.ray_address is not None
        assert settings.ray.join, f"{where}: a container has no Ray node of its own"


def test_ports_are_those_of_the_services_and_are_what_is_exposed() -> None:
    (service,) = of_kind("Service").values()
    exposed = {one["name"]: one["port"] for one in service["spec"]["ports"]}
    (api,) = (pod for name, pod in pods() if name == "selene-api")
    opened = {one["name"]: one["containerPort"] for one in api["containers"][0]["ports"]}
    assert exposed == opened == PORTS
    template = of_kind("Deployment")["selene-api"]["spec"]["template"]
    assert template["metadata"]["labels"] == service["spec"]["selector"]
    in_image = (DEPLOY / "Dockerfile").read_text().split("EXPOSE ")[1].splitlines()[0]
    assert {int(port) for port in in_image.split()} == set(PORTS.values())


def test_volumes_that_are_mounted_are_there_and_the_end_outlasts_the_drain() -> None:
    shared = of_kind("ConfigMap")["selene"]["data"]
    for name, pod in pods():
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes, name
            if "command" in container:
                drain = int(shared["SELENE_DRAIN_SECONDS"])
                assert pod["terminationGracePeriodSeconds"] > drain + 35, name


def test_what_is_disturbed_one_at_a_time_is_there() -> None:
    labels = {one["spec"]["template"]["metadata"]["labels"]["app"] for one in manifests()
              if one["kind"] == "Deployment"}  # fmt: skip
    clusters = set(of_kind("RayCluster"))
    for budget in of_kind("PodDisruptionBudget").values():
        (chosen,) = budget["spec"]["selector"]["matchLabels"].items()
        assert chosen[1] in (clusters if chosen[0] == "ray.io/cluster" else labels)


def test_the_index_survives_the_loss_of_a_machine() -> None:
    for where, _, variables in serving():
        assert int(variables["SELENE_INDEX__REPLICAS"]) > 1, where


def test_the_ray_that_is_asked_for_is_the_one_that_is_pinned() -> None:
    (cluster,) = of_kind("RayCluster").values()
    assert cluster["spec"]["rayVersion"].startswith("2.")
    for text in (DEPLOY / "compose.yaml", DEPLOY / "kubernetes" / "ray.yaml"):
        for name, value in HEALTH.items():
            assert f'"{name}":{value}' in text.read_text(), "a lost node would be noticed late"


def test_the_image_has_every_package() -> None:
    copied = {line.split()[1] for line in (DEPLOY / "Dockerfile").read_text().splitlines()
              if line.startswith("COPY") and len(line.split()) == 3}  # fmt: skip
    assert copied >= {"domain", "commands", "projections", "inference", "ray_cluster", "api"}
