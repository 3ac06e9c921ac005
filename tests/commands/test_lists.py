"""The rules of lists."""

from uuid import uuid4

from commands.faces import LeaveList
from commands.lists import (
    CreateList,
    DeleteLists,
    DissolveLists,
    DropRetiredLists,
    EditList,
    RetireLists,
)
from domain.faces import Face
from domain.lists import FaceList, ListNotFound, ListsNotFound
from tests.support.scenario import Scenario

ACCOUNT = uuid4()


def test_a_list_is_made_under_its_id() -> None:
    list_id = uuid4()

    Scenario().when(CreateList(account_id=ACCOUNT, list_id=list_id, user_data="staff")).then(
        (FaceList.Created, {"account_id": ACCOUNT, "user_data": "staff"})
    ).then_answered(list_id)


def test_editing_replaces_the_user_data() -> None:
    staff = FaceList(ACCOUNT, "staff")
    story = Scenario().given(staff)

    story.when(EditList(account_id=ACCOUNT, list_id=staff.id, user_data="")).then(
        (FaceList.Edited, {"user_data": ""})
    )
    story.when(EditList(account_id=ACCOUNT, list_id=staff.id)).then_nothing()
    story.when(EditList(account_id=uuid4(), list_id=staff.id)).then_refused(ListNotFound, staff.id)


def test_lists_are_deleted_all_or_none() -> None:
    mine, theirs = FaceList(ACCOUNT), FaceList(uuid4())
    story = Scenario().given(mine, theirs)

    story.when(DeleteLists(account_id=ACCOUNT, list_ids=(mine.id, theirs.id))).then_refused(
        ListsNotFound, theirs.id
    )
    story.when(DeleteLists(account_id=ACCOUNT, list_ids=(mine.id, mine.id))).then(
        (FaceList.Deleted, {"originator_id": mine.id})
    )
    story.when(EditList(account_id=ACCOUNT, list_id=mine.id)).then_refused(ListNotFound)


def test_a_retired_list_is_gone_for_everybody_but_the_sweeper() -> None:
    staff, others = FaceList(ACCOUNT), FaceList(ACCOUNT)
    story = Scenario().given(staff, others)

    story.when(RetireLists(account_id=ACCOUNT, list_ids=(staff.id,))).then(
        (FaceList.Retired, {"originator_id": staff.id})
    )
    for command in (RetireLists, DeleteLists):
        again = command(account_id=ACCOUNT, list_ids=(others.id, staff.id))
        story.when(again).then_refused(ListsNotFound, staff.id)
    story.when(EditList(account_id=ACCOUNT, list_id=staff.id, user_data="x")).then_refused(
        ListNotFound, staff.id
    )
    drop = DropRetiredLists(account_id=ACCOUNT, list_ids=(others.id, staff.id, uuid4()))
    story.when(drop).then((FaceList.Deleted, {"originator_id": staff.id}))
    story.when(drop).then_nothing()


def test_a_dissolved_list_is_gone_for_everybody_and_its_faces_leave() -> None:
    staff, others = FaceList(ACCOUNT), FaceList(ACCOUNT)
    inside, outside = Face(ACCOUNT), Face(ACCOUNT)
    for target in (staff, others):
        inside.attach(target.id)
    story = Scenario().given(staff, others, inside, outside)
    faces = (inside.id, outside.id, uuid4())

    story.when(DissolveLists(account_id=ACCOUNT, list_ids=(staff.id,))).then(
        (FaceList.Dissolved, {"originator_id": staff.id})
    )
    again = DissolveLists(account_id=ACCOUNT, list_ids=(others.id, staff.id))
    story.when(again).then_refused(ListsNotFound, staff.id)
    leave = LeaveList(account_id=ACCOUNT, list_id=staff.id, face_ids=faces)
    story.when(leave).then(
        (Face.Detached, {"originator_id": inside.id, "list_id": staff.id})
    ).then_answered([inside.id])
    story.when(leave).then_nothing()
    story.when(DropRetiredLists(account_id=ACCOUNT, list_ids=(staff.id, others.id))).then(
        (FaceList.Deleted, {"originator_id": staff.id})
    )
