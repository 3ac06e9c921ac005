"""Answers that are kept come back as they were."""

from datetime import UTC, datetime
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.answers import pack_result, unpack_result
from commands.recognitions import StoreRecognitions
from commands.repeated import KeepAnswer
from commands.router import COMMANDS
from commands.stream_processing import TakeReports
from commands.streams import CreateStream
from commands.tokens import CreateToken

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=10)
    | st.binary(max_size=10)
    | st.uuids()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.uuids() | st.integers(0, 99), inner, max_size=4)
    ),
    max_leaves=10,
)


def test_a_command_that_answers_more_than_ids_says_whether_it_tells_of_its_subjects() -> None:
    ids = (type(None), UUID, int, bool, str, UUID | None, list[UUID], list[str])
    answers = {kind: get_type_hints(function)["return"] for kind, function in COMMANDS.items()}
    more = {kind for kind, answer in answers.items() if answer not in ids}

    # Ids, serial numbers and editions; what `KeepAnswer` is given leaves no facts.
    harmless = {CreateStream, CreateToken, KeepAnswer, TakeReports}
    assert {kind for kind in COMMANDS if kind.tells} == more - harmless == {StoreRecognitions}


@given(VALUES)
def test_an_answer_comes_back_as_it_was(answer: Any) -> None:
    assert unpack_result(pack_result(answer)) == answer


def test_tuples_come_back_as_lists() -> None:
    assert unpack_result(pack_result((1, (2,)))) == [1, [2]]


def test_an_answer_that_cannot_be_kept_is_named() -> None:
    with pytest.raises(TypeError, match="a command answered set, which cannot be kept"):
        pack_result({1, 2})


def test_times_keep_their_zone() -> None:
    noon = datetime.fromisoformat("2026-01-01T12:00:00.000001+03:00")

    assert unpack_result(pack_result(noon)).isoformat() == noon.isoformat()
