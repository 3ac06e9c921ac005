"""What is sealed opens with its key at its place, and in no other way."""

import os
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.log.sealing import (
    KEY_BYTES,
    MasterKey,
    MemoryKeyring,
    SealBroken,
    new_key,
    seal,
    unseal,
)


@given(st.binary(max_size=200), st.binary(max_size=30))
def test_what_was_sealed_opens(plain: bytes, place: bytes) -> None:
    key = new_key()

    assert unseal(key, seal(key, plain, place), place) == plain


def test_the_same_is_never_sealed_alike() -> None:
    key = new_key()

    assert seal(key, b"Ann", b"here") != seal(key, b"Ann", b"here")


@given(st.data())
def test_one_changed_bit_is_noticed(data: st.DataObject) -> None:
    key = new_key()
    sealed = bytearray(seal(key, b"Ann Smith", b"here"))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(SealBroken):
        unseal(key, bytes(sealed), b"here")


@given(st.integers(0, 40))
def test_what_was_cut_off_is_noticed(length: int) -> None:
    key = new_key()
    sealed = seal(key, b"Ann Smith 1234567890", b"here")

    with pytest.raises(SealBroken):
        unseal(key, sealed[:length], b"here")


def test_another_place_or_key_does_not_open_it() -> None:
    key = new_key()
    sealed = seal(key, b"Ann", b"here")

    for other_key, place in ((key, b"there"), (new_key(), b"here")):
        with pytest.raises(SealBroken):
            unseal(other_key, sealed, place)


def test_a_master_key_wraps_each_subjects_key_for_that_subject() -> None:
    master, key, subject = MasterKey(os.urandom(KEY_BYTES)), new_key(), uuid4()
    wrapped = master.wrap(subject, key)

    assert len(wrapped) == 60
    assert master.unwrap(subject, wrapped) == key
    for opener, other in ((master, uuid4()), (MasterKey(os.urandom(KEY_BYTES)), subject)):
        with pytest.raises(SealBroken):
            opener.unwrap(other, wrapped)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_master_key_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match=f"not {length}"):
        MasterKey(bytes(length))


def test_a_keyring_knows_only_what_is_in_it() -> None:
    keyring, known = MemoryKeyring(), uuid4()
    keyring.keys[known] = key = new_key()

    assert keyring.find([uuid4(), known]) == {known: key}
