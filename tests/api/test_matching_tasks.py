"""Cross-matching tasks find known people; ROC tasks say how well they are told apart."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.album import Album, open_album
from tests.api.people import new_attribute, new_face
from tests.api.task_results import errors_of, failed, refused_content
from tests.api.tasks import done, result
from tests.support.running_api import RunningApi


@pytest.fixture(scope="module")
def album(eyes: RunningApi) -> Iterator[Album]:
    with open_album(eyes) as made:
        yield made


def cross_matched(client: httpx.Client, filters: Any, **more: Any) -> dict[str, list[Any]]:
    """The candidates of each reference."""
    found = result(client, done(client, "cross_match", {"filters": filters, **more}))
    ids = [one["reference_id"] for one in found]
    assert ids == sorted(ids)
    for one in found:
        similarities = [candidate["similarity"] for candidate in one["candidates"]]
        assert similarities == sorted(similarities, reverse=True)
        assert all(0 <= similarity <= 1 for similarity in similarities)
    return {one["reference_id"]: one["candidates"] for one in found}


@pytest.mark.parametrize(
    ("references", "candidates"),
    [("faces", "events"), ("events", "faces"), ("faces", "faces"), ("events", "events")],
)
def test_every_reference_finds_its_own_person_first(
    album: Album, references: str, candidates: str
) -> None:
    filters = {"reference_type": references, "candidate_type": candidates}
    found = cross_matched(album.client, filters)
    assert {*found} == {*getattr(album, references)}
    for reference_id, best in found.items():
        assert {one["id"] for one in best} == {*getattr(album, candidates)}
        own = album.person_of[reference_id]
        assert [album.person_of[one["id"]] for one in best[:3]] == [own] * 3
        assert best[0]["similarity"] == 1


def test_filters_limit_and_threshold_narrow_what_is_found(album: Album) -> None:
    filters = {
        "reference_type": "events",
        "candidate_type": "faces",
        "reference_filters": {"sources": "nowhere,elsewhere", "external_ids": ["dad", "lady"]},
        "candidate_filters": {"external_ids": ["dad", "man"], "user_data": "known"},
        "account_id": str(album.account_id),
    }
    assert [code for code, _ in failed(album.client, "cross_match", {"filters": filters})] == [
        28010
    ]
    del filters["reference_filters"]["sources"]  # type: ignore[attr-defined]
    found = cross_matched(album.client, filters, limit=2)
    assert {album.person_of[one] for one in found} == {"dad", "lady"}
    assert {len(best) for best in found.values()} == {2}
    candidates = {album.person_of[one["id"]] for best in found.values() for one in best}
    assert candidates <= {"dad", "man"}
    strict = cross_matched(album.client, filters, threshold=1)
    assert {len(best) for reference, best in strict.items()} == {0, 1}
    assert all(album.person_of[reference] == "dad" for reference, best in strict.items() if best)


def test_it_finds_what_the_matcher_finds(album: Album) -> None:
    filters = {"reference_type": "faces", "candidate_type": "faces"}
    found = cross_matched(album.client, filters, limit=4, threshold=0.2)
    references = [{"id": one, "type": "face"} for one in album.faces]
    candidates = [{"filters": {"origin": "faces"}, "limit": 4, "threshold": 0.2}]
    body = {"references": references, "candidates": candidates}
    answer = album.client.post("/6/matcher/faces", json=body)
    assert answer.status_code == 200, answer.text
    for one in answer.json():
        hits = one["matches"][0]["result"]
        expected = [{"id": h["face"]["face_id"], "similarity": h["similarity"]} for h in hits]
        assert found[one["reference"]["id"]] == expected


def attribute_of(album: Album, face_id: str) -> str:
    """A temporary attribute like that of a face."""
    answer = album.client.get(f"/6/faces/{face_id}/attributes")
    assert answer.status_code == 200, answer.text
    descriptor = answer.json()["attributes"]["face_descriptor"]
    raw = {"descriptor": descriptor["descriptor"], "version": descriptor["descriptor_version"]}
    return new_attribute(album.client, face_descriptors=[raw])


def test_attributes_are_references_and_candidates(album: Album) -> None:
    attributes = {attribute_of(album, face_id): face_id for face_id in album.faces[::3]}
    chosen = {"attribute_ids": list(attributes)}
    found = cross_matched(
        album.client,
        {
            "reference_type": "attributes",
            "candidate_type": "faces",
            "reference_filters": chosen,
        },
        limit=1,
    )
    assert {one: best[0]["id"] for one, best in found.items()} == attributes
    turned = cross_matched(
        album.client,
        {
            "reference_type": "faces",
            "candidate_type": "attributes",
            "candidate_filters": chosen,
        },
        limit=2,
    )
    for face_id, best in turned.items():
        assert len(best) == 2
        assert album.person_of[attributes[best[0]["id"]]] == album.person_of[face_id]
    gone = {"attribute_ids": [str(uuid4())]}
    filters = {
        "reference_type": "attributes",
        "candidate_type": "faces",
        "reference_filters": gone,
    }
    said = "Objects for cross-matching not found (empty set)"
    assert failed(album.client, "cross_match", {"filters": filters}) == [(28010, said)]


def test_a_stranger_compares_nobody_of_others(album: Album, stranger: httpx.Client) -> None:
    stranger.base_url = album.client.base_url
    new_face(stranger)
    for name in ("reference_filters", "candidate_filters"):
        filters = {"reference_type": "faces", "candidate_type": "faces"}
        filters |= {name: {"face_ids": list(album.faces)}}
        if name == "reference_filters":
            assert [c for c, _ in failed(stranger, "cross_match", {"filters": filters})] == [28010]
        else:
            assert cross_matched(stranger, filters) == {}


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"filters": {"reference_type": "faces"}}, "content.filters.candidate_type"),
        ({"filters": {"reference_type": "x", "candidate_type": "faces"}}, "reference_type"),
        (
            {
                "filters": {
                    "reference_type": "faces",
                    "candidate_type": "events",
                    "candidate_filters": {"face_id__gte": str(uuid4())},
                }
            },
            "content.filters.candidate_filters",
        ),
        (
            {"filters": {"reference_type": "faces", "candidate_type": "faces"}, "limit": 1001},
            "content.limit",
        ),
    ],
)
def test_bad_content_is_refused_by_its_place(
    client: httpx.Client, content: object, path: str
) -> None:
    code, detail = refused_content(client, "cross_match", content)
    assert code == 12022
    assert path in detail


def markup(album: Album) -> list[dict[str, Any]]:
    people = sorted({*album.person_of.values()})
    return [{"face_id": one, "label": people.index(album.person_of[one])} for one in album.faces]


def test_a_roc_curve_of_people_who_are_told_apart(album: Album) -> None:
    content = {"markup": markup(album), "limit": 100, "key_FPRs": [0, 0.001, 1]}
    found = result(album.client, done(album.client, "roc", content))
    assert found["AUC"] > 0.95
    assert found["EER"] < 0.1
    assert found["FPR"][0] == found["TPR"][0] == 0
    assert found["FPR"][-1] == found["TPR"][-1] == 1
    assert len(found["thresholds"]) == len(found["FPR"]) == len(found["TPR"])
    for rates in (found["FPR"], found["TPR"]):
        assert rates == sorted(rates)
    assert found["top_n"]["1"] == 1
    assert [*found["top_n"]] == [str(n) for n in range(1, len(album.faces))]
    zero, small, one = found["key_points"]
    assert (zero["FPR"], one["FPR"], one["TPR"]) == (0, 1, 1)
    assert zero["TPR"] <= small["TPR"] <= one["TPR"]
    assert 0 < zero["threshold"] <= 1


def test_the_limit_crops_what_is_counted(album: Album) -> None:
    content = {"markup": markup(album), "limit": 1}
    found = result(album.client, done(album.client, "roc", content))
    # Each of three photos finds one of the two others at most: half of all pairs.
    assert max(tpr for tpr in found["TPR"] if tpr < 1) == 0.5
    assert found["top_n"] == {"1": 1}
    content = {"markup": markup(album), "limit": 1, "threshold_hit_top": 1}
    assert result(album.client, done(album.client, "roc", content))["top_n"] == {"1": 0}


def test_objects_that_cannot_take_part_are_told_of(album: Album) -> None:
    nobody, bare = str(uuid4()), new_face(album.client)
    gone = str(uuid4())
    more = [
        {"face_id": nobody, "label": 1},
        {"face_id": bare, "label": 2},
        {"attribute_id": gone, "label": 3},
    ]
    again = markup(album)[:1]
    task_id = done(album.client, "roc", {"markup": [*markup(album), *more, *again]})
    errors = {one["additional_info"]: one["error_code"] for one in errors_of(album.client, task_id)}
    assert errors == {nobody: 22002, bare: 90050, gone: 22011}
    body = album.client.get(f"/6/tasks/{task_id}/result").json()
    assert len(body["errors"]) == 3
    assert body["result"]["AUC"] > 0.95
    assert album.client.delete(f"/6/faces/{bare}").status_code == 204


def test_without_pairs_there_is_no_curve(album: Album, stranger: httpx.Client) -> None:
    first, *_ = marked = markup(album)
    alone = {"markup": [first]}
    assert [code for code, _ in failed(album.client, "roc", alone)] == [90111]
    apart = {"markup": [{**one, "label": place} for place, one in enumerate(marked)]}
    assert [code for code, _ in failed(album.client, "roc", apart)] == [90111]
    twice = {"markup": [first, {**first, "label": 99}]}
    assert [code for code, _ in failed(album.client, "roc", twice)] == [90112]
    stranger.base_url = album.client.base_url
    assert [code for code, _ in failed(stranger, "roc", {"markup": marked})] == [28010]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({}, "content.markup"),
        ({"markup": []}, "content.markup"),
        ({"markup": [{"label": 1}]}, "content.markup.0"),
        ({"markup": [{"face_id": str(uuid4())}]}, "content.markup.0.label"),
        ({"markup": [{"face_id": str(uuid4()), "label": 1}], "limit": 0}, "content.limit"),
        (
            {"markup": [{"face_id": str(uuid4()), "label": 1}] * 5000, "limit": 5000},
            "content.limit",
        ),
        (
            {"markup": [{"face_id": str(uuid4()), "label": 1}], "key_FPRs": [2]},
            "content.key_FPRs.0",
        ),
    ],
)
def test_bad_markup_is_refused_by_its_place(
    client: httpx.Client, content: object, path: str
) -> None:
    code, detail = refused_content(client, "roc", content)
    assert code == 12022
    assert path in detail
