"""What an installation says that it can do."""

import httpx
import pytest

from inference.architectures import ARCHITECTURES
from tests.api.people import face_feature
from tests.support.packs import default_pack
from tests.support.running_api import RunningApi
from tests.support.shared import needs_models


def test_every_role_names_its_network_or_says_there_is_none(
    client: httpx.Client, running: RunningApi
) -> None:
    answer = client.get("/6/features")
    assert answer.status_code == 200
    models = answer.json()["models"]
    assert models.keys() == ARCHITECTURES.keys()
    pack = default_pack()
    for role, model in models.items():
        if role not in pack.roles:
            assert not any(model.values())
            continue
        assert model["available"]
        assert model["licence"] == pack.roles[role].licence
        assert (model["pack"], model["version"]) == ("default", pack.version)
        assert model["sha256"] == pack.ref(role).sha256
        assert model["accuracy"]
        assert model["latency_ms"] > 0
    version, dimension = face_feature(running)
    expected = {"kind": "face", "version": version, "dimension": dimension}
    assert answer.json()["descriptors"] == [expected]


def test_clients_find_what_they_ask_for(client: httpx.Client) -> None:
    shown = client.get("/6/features").json()
    assert shown["estimations"] == {
        "people_counter": 0,
        "face_quality": 1,
        "body_attributes": 0,
        "liveness": 0,
        "deepfake": 0,
    }
    for name, path in (("faces", "/6/faces"), ("handlers", "/6/handlers")):
        assert shown["components"][name] == 1
        assert client.get(path).status_code == 200
    assert shown["components"].keys() == {
        "faces", "events", "tasks", "sender", "image_store", "handlers", "lambda",
    }  # fmt: skip


@needs_models
def test_the_provider_is_told_once_a_network_runs(seeing: httpx.Client) -> None:
    models = seeing.get("/6/features").json()["models"]
    assert models["emotions"]["available"]
    assert models["emotions"]["pack"] == "dev"
    estimations = seeing.get("/6/features").json()["estimations"]
    assert estimations == {
        "people_counter": 1,
        "face_quality": 1,
        "body_attributes": 1,
        "liveness": 1,
        "deepfake": 0,
    }


def test_versions_name_the_platform_and_the_service(client: httpx.Client) -> None:
    shown = client.get("/version").json()
    assert shown.keys() == {"LUNA PLATFORM", "luna-api"}
    assert shown["luna-api"].keys() == {"api", "major", "minor", "patch"}
    assert shown["luna-api"].pop("api") == 6
    assert shown["luna-api"] == shown["LUNA PLATFORM"]


@pytest.mark.parametrize(
    "path", ["/plugins", "/6/plugins", "/sender/1/plugins", "/sender/2/plugins",
             "/streams/1/plugins", "/streams/2/plugins", "/tracking/1/plugins"]
)  # fmt: skip
def test_no_service_has_plugins_and_says_so(nobody: httpx.Client, path: str) -> None:
    answer = nobody.get(path)
    assert (answer.status_code, answer.json()) == (200, {"plugins": []})
