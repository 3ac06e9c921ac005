"""The rules of faces."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.faces import (
    AttachFaces,
    CreateFace,
    DeleteFaces,
    DetachFaces,
    EditFace,
    PutFaceAttributes,
    RemoveFaceAttributes,
)
from domain.attributes import AttributeContent, DescriptorData, SameVersionTwice
from domain.faces import Face, FaceNotFound, FacesNotFound
from domain.lists import FaceList, ListNotFound, ListsNotFound
from tests.support.scenario import Scenario

ACCOUNT = uuid4()
VECTOR = bytes(16)
CONTENT = AttributeContent(
    (DescriptorData(95, VECTOR), DescriptorData(96, VECTOR)), {"age": 30}, (uuid4(),), (uuid4(),)
)


def foreign() -> FaceList:
    """A list of somebody else."""
    return FaceList(uuid4())


def retired() -> FaceList:
    """A list whose faces are being deleted."""
    found = FaceList(ACCOUNT)
    found.retire()
    return found


def test_a_face_is_made_in_its_lists_and_with_its_attributes() -> None:
    face_id, staff, guests = uuid4(), FaceList(ACCOUNT, "staff"), FaceList(ACCOUNT)
    wanted = CreateFace(
        account_id=ACCOUNT,
        face_id=face_id,
        user_data="Ann",
        external_id="A-1",
        attribute=CONTENT,
        list_ids=(staff.id, guests.id, staff.id),
    )

    scenario = Scenario().given(staff, guests).when(wanted)

    scenario.then(
        (Face.Created, {"originator_id": face_id, "user_data": "Ann", "external_id": "A-1"}),
        (Face.AttributesPut, {"basic_attributes": {"age": 30}}),
        (Face.Attached, {"list_id": staff.id}),
        (Face.Attached, {"list_id": guests.id}),
    ).then_answered(face_id)
    kept = scenario.log.descriptors.values()
    assert {(row.owner_id, row.version, row.data) for row in kept} == {
        (face_id, 95, VECTOR),
        (face_id, 96, VECTOR),
    }


@pytest.mark.parametrize("make", [foreign, retired])
def test_a_foreign_or_retired_list_refuses_the_whole_face(make: Callable[[], FaceList]) -> None:
    staff, other = FaceList(ACCOUNT), make()

    Scenario().given(staff, other).when(
        CreateFace(account_id=ACCOUNT, list_ids=(staff.id, other.id))
    ).then_refused(ListsNotFound, other.id)


def test_only_what_is_named_is_edited() -> None:
    face = Face(ACCOUNT, "Ann", "A-1", "/a.jpg")

    Scenario().given(face).when(
        EditFace(account_id=ACCOUNT, face_id=face.id, changes={"user_data": "Anna"})
    ).then(
        (Face.Edited, {"user_data": "Anna", "external_id": "A-1", "avatar": "/a.jpg"}),
    ).when(
        EditFace(account_id=ACCOUNT, face_id=face.id, changes={"user_data": "Anna"})
    ).then_nothing()


def test_a_foreign_or_deleted_face_is_not_edited() -> None:
    theirs, gone = Face(uuid4()), Face(ACCOUNT)
    gone.delete()
    story = Scenario().given(theirs, gone)

    for face in (theirs, gone):
        edit = EditFace(account_id=ACCOUNT, face_id=face.id, changes={"user_data": "x"})
        story.when(edit).then_refused(FaceNotFound, face.id)


def test_new_attributes_replace_all_earlier_ones() -> None:
    face, newer = Face(ACCOUNT), AttributeContent((DescriptorData(95, b"\1" * 16),))
    story = Scenario().given(face)
    story.when(PutFaceAttributes(account_id=ACCOUNT, face_id=face.id, attribute=CONTENT))

    story.when(PutFaceAttributes(account_id=ACCOUNT, face_id=face.id, attribute=newer)).then(
        (Face.AttributesPut, {"basic_attributes": None, "face_descriptor_samples": []})
    )

    assert [row.data for row in story.log.descriptors.values()] == [b"\1" * 16]


def test_removed_attributes_leave_no_vector() -> None:
    face = Face(ACCOUNT)
    story = Scenario().given(face)
    story.when(PutFaceAttributes(account_id=ACCOUNT, face_id=face.id, attribute=CONTENT))

    remove = RemoveFaceAttributes(account_id=ACCOUNT, face_id=face.id)
    story.when(remove).then((Face.AttributesRemoved, {"originator_id": face.id}))

    assert not story.log.descriptors
    story.when(remove).then_nothing()


def test_two_descriptors_of_one_version_are_refused() -> None:
    with pytest.raises(SameVersionTwice, match="95"):
        AttributeContent((DescriptorData(95, VECTOR), DescriptorData(95, VECTOR)))


def test_deleting_takes_the_vectors_along() -> None:
    face = Face(ACCOUNT)
    story = Scenario().given(face)
    story.when(PutFaceAttributes(account_id=ACCOUNT, face_id=face.id, attribute=CONTENT))

    story.when(DeleteFaces(account_id=ACCOUNT, face_ids=(face.id, face.id))).then(
        (Face.Deleted, {"originator_id": face.id})
    ).then_answered([face.id])

    assert not story.log.descriptors


def test_one_missing_face_keeps_all_from_being_deleted() -> None:
    mine, theirs = Face(ACCOUNT), Face(uuid4())
    story, both = Scenario().given(mine, theirs), (mine.id, theirs.id)

    story.when(DeleteFaces(account_id=ACCOUNT, face_ids=both)).then_refused(FacesNotFound)
    story.when(DeleteFaces(account_id=ACCOUNT, face_ids=both, ignore_missing=True)).then(
        (Face.Deleted, {"originator_id": mine.id})
    )


def test_attaching_puts_each_face_into_the_list_once() -> None:
    face, staff = Face(ACCOUNT), FaceList(ACCOUNT, "staff")
    attach = AttachFaces(account_id=ACCOUNT, list_id=staff.id, face_ids=(face.id, face.id))

    Scenario().given(face, staff).when(attach).then(
        (Face.Attached, {"originator_id": face.id, "list_id": staff.id})
    ).when(attach).then_nothing()


def test_detaching_what_is_not_attached_is_nothing() -> None:
    face, staff = Face(ACCOUNT), FaceList(ACCOUNT)

    Scenario().given(face, staff).when(
        DetachFaces(account_id=ACCOUNT, list_id=staff.id, face_ids=(face.id,))
    ).then_nothing()


@pytest.mark.parametrize("command", [AttachFaces, DetachFaces])
def test_a_foreign_face_refuses_the_whole_batch(command: type[AttachFaces]) -> None:
    mine, theirs, staff = Face(ACCOUNT), Face(uuid4()), FaceList(ACCOUNT)

    Scenario().given(mine, theirs, staff).when(
        command(account_id=ACCOUNT, list_id=staff.id, face_ids=(mine.id, theirs.id))
    ).then_refused(FacesNotFound, theirs.id)


@pytest.mark.parametrize("command", [AttachFaces, DetachFaces])
@pytest.mark.parametrize("make", [foreign, retired])
def test_a_foreign_or_retired_list_takes_and_gives_no_face(
    command: type[AttachFaces], make: Callable[[], FaceList]
) -> None:
    face, target = Face(ACCOUNT), make()

    Scenario().given(face, target).when(
        command(account_id=ACCOUNT, list_id=target.id, face_ids=(face.id,))
    ).then_refused(ListNotFound, target.id)


STEPS = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(0, 2),
        st.lists(st.integers(0, 3), min_size=1, max_size=4),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_memberships_are_sets(steps: list[tuple[bool, int, list[int]]]) -> None:
    faces, lists = [Face(ACCOUNT) for _ in range(4)], [FaceList(ACCOUNT) for _ in range(3)]
    story = Scenario().given(*faces, *lists)
    expected: list[set[UUID]] = [set() for _ in faces]

    for attach, which, members in steps:
        command = AttachFaces if attach else DetachFaces
        target, ids = lists[which].id, tuple(faces[i].id for i in members)
        story.when(command(account_id=ACCOUNT, list_id=target, face_ids=ids))
        for i in members:
            (expected[i].add if attach else expected[i].discard)(target)

    for face, lists_of_it in zip(faces, expected, strict=True):
        memberships: set[UUID] = set()
        for fact in story.log.facts:
            if isinstance(fact.event, Face.Attached) and fact.originator_id == face.id:
                assert fact.event.list_id not in memberships  # one membership is one event
                memberships.add(fact.event.list_id)
            elif isinstance(fact.event, Face.Detached) and fact.originator_id == face.id:
                memberships.remove(fact.event.list_id)
        assert memberships == lists_of_it
