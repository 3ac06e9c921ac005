"""What a token may hand on is an order: reflexive, transitive, and never more than it has."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.permissions import Action, Permissions, Use, read_permissions

IDS = tuple(UUID(int=n) for n in range(4))
LISTS = st.none() | st.sets(st.sampled_from(IDS)).map(tuple)
USES = st.builds(Use, allowed=st.sampled_from((0, 1)), white_list=LISTS, black_list=LISTS)
ACTIONS = st.sets(st.sampled_from(Action)).map(tuple)
ANY = st.builds(Permissions, face=ACTIONS, token=ACTIONS, emit_events=USES, verify=USES)


@given(USES, USES)
def test_a_use_that_covers_another_allows_every_recipe_of_it(mine: Use, theirs: Use) -> None:
    if mine.covers(theirs):
        assert all(mine.allows(one) for one in IDS if theirs.allows(one))


@given(ANY, ANY, ANY)
def test_covering_is_an_order_below_all_permissions(
    one: Permissions, two: Permissions, three: Permissions
) -> None:
    assert one.covers(one)
    assert Permissions.all().covers(one)
    assert one.covers(Permissions())
    if one.covers(two) and two.covers(three):
        assert one.covers(three)


@given(ANY)
def test_permissions_are_read_as_they_were_stored(given: Permissions) -> None:
    assert read_permissions({**given.as_dict(), "teleport": ["view"]}) == given


def test_an_unknown_resource_allows_nothing() -> None:
    assert not Permissions.all().allows("teleport", "view")
    assert not Permissions.all().allows("verify", "allowed")
    assert Permissions.all().allows("face", "matching")
