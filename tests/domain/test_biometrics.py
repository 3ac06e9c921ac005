"""The SDK container carries a descriptor unchanged and refuses everything else."""

import base64
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.biometrics import (
    BadDescriptor,
    Descriptor,
    DescriptorKind,
    decode_container,
    decode_sdk,
    descriptor_from_raw,
    encode_container,
    encode_sdk,
)

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
DESCRIPTORS = st.builds(
    lambda kind, version, values: Descriptor(
        kind, version, struct.pack(f"<{len(values)}f", *values)
    ),
    st.sampled_from(DescriptorKind),
    st.integers(0, 65535),
    st.lists(FINITE, min_size=1, max_size=64),
)


@given(DESCRIPTORS)
def test_a_descriptor_comes_back_from_its_container(descriptor: Descriptor) -> None:
    assert decode_sdk(encode_sdk(descriptor)) == descriptor
    assert decode_container(encode_container(descriptor)) == descriptor
    raw = base64.b64encode(descriptor.data).decode()
    assert descriptor_from_raw(descriptor.kind, descriptor.version, raw) == descriptor


@given(DESCRIPTORS, st.data())
def test_a_container_with_one_changed_byte_is_refused_or_says_another_version(
    descriptor: Descriptor, data: st.DataObject
) -> None:
    container = bytearray(encode_container(descriptor))
    place = data.draw(st.integers(0, len(container) - 1))
    container[place] ^= data.draw(st.integers(1, 255))

    try:
        decoded = decode_container(bytes(container))
    except BadDescriptor:
        return
    # Kind and version are not covered by the checksum; the vector is.
    assert 5 <= place < 8
    assert decoded.data == descriptor.data


@given(st.binary(max_size=200) | st.text(max_size=80))
def test_garbage_is_refused(garbage: bytes | str) -> None:
    with pytest.raises(BadDescriptor):
        decode_sdk(garbage)


@pytest.mark.parametrize("bits", [0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFFFFFFF])
def test_numbers_that_are_not_finite_are_refused(bits: int) -> None:
    with pytest.raises(BadDescriptor, match="not finite"):
        Descriptor(DescriptorKind.FACE, 1, struct.pack("<fI", 0.5, bits))


@given(st.lists(st.floats(width=32), min_size=1, max_size=4))
def test_exactly_rows_of_finite_numbers_are_taken(values: list[float]) -> None:
    data = struct.pack(f"<{len(values)}f", *values)
    if all(map(math.isfinite, values)):
        assert Descriptor(DescriptorKind.FACE, 1, data).values() == tuple(values)
    else:
        with pytest.raises(BadDescriptor, match="not finite"):
            Descriptor(DescriptorKind.FACE, 1, data)


def test_a_vector_of_the_wrong_length_is_refused_for_its_version() -> None:
    descriptor = Descriptor(DescriptorKind.FACE, 7, bytes(4 * 128))
    with pytest.raises(BadDescriptor, match="dimension 256, not 128"):
        descriptor.require_dimension(256)
