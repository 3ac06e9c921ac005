"""Faces with made-up descriptors, and searches for them, over HTTP."""

import base64
from typing import Any

import httpx
import numpy as np

from tests.support.packs import default_pipeline
from tests.support.waiting import until


def descriptor(seed: int) -> dict[str, Any]:
    """A random descriptor as a body has it; two of different seeds are not alike."""
    (feature,) = default_pipeline().descriptors()
    vector = np.random.default_rng(seed).standard_normal(feature.dimension).astype("<f4")
    vector /= np.linalg.norm(vector)
    return {"descriptor": base64.b64encode(vector.tobytes()).decode(), "version": feature.version}


def enrol(client: httpx.Client, seed: int) -> tuple[str, str]:
    """The id of a new face with a descriptor, and the position of its making."""
    answer = client.post("/6/faces", json={"attribute": {"face_descriptors": [descriptor(seed)]}})
    assert answer.status_code == 201, answer.text
    return answer.json()["face_id"], answer.headers["Selene-Position"]


def search_of(seed: int) -> dict[str, Any]:
    """The body of a search for faces whose descriptor is the one of this seed."""
    return {
        "references": [{"id": "probe", "type": "raw_descriptor", "data": descriptor(seed)}],
        "candidates": [{"filters": {"origin": "faces"}, "threshold": 0.9}],
    }


def named(body: Any) -> list[str]:
    """The faces that a search of one reference has found."""
    return [one["face"]["face_id"] for one in body[0]["matches"][0]["result"]]


def found(client: httpx.Client, seed: int, position: str | None = None) -> list[str]:
    """The faces whose descriptor is the one of this seed."""
    headers = {} if position is None else {"Selene-Min-Position": position}

    def asked() -> httpx.Response | None:
        answer = client.post("/6/matcher/faces", json=search_of(seed), headers=headers)
        return None if position and answer.status_code == 503 else answer  # not reached yet

    answer = until(asked)
    assert answer is not None
    assert answer.status_code == 200, answer.text
    return named(answer.json())
