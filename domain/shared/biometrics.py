"""Descriptors and the container that carries one between systems."""

import base64
import binascii
import math
import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.shared.refusal import Refusal


class BadDescriptor(Refusal):
    """The data given as a descriptor are not one."""

    detail = "Bad descriptor: {}"


class DescriptorKind(StrEnum):
    """What a descriptor was extracted from."""

    FACE = "face"
    BODY = "body"


MAX_DIMENSION: Final = 4096

# Container, little endian: magic, format 1, kind (0 face, 1 body), descriptor version,
# dimension, CRC-32 of the payload, then the payload of `dimension` float32 numbers.
_MAGIC: Final = b"SLND"
_HEADER: Final = struct.Struct("<4sBBHII")
_FORMAT: Final = 1
_KINDS: Final = (DescriptorKind.FACE, DescriptorKind.BODY)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A vector extracted from warps by the descriptor network of one version.

    `data` holds float32 numbers, little endian. Descriptors of different kinds or versions are
    not comparable.
    """

    kind: DescriptorKind
    version: int
    data: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.version <= 0xFFFF:
            raise BadDescriptor(f"version {self.version} is outside 0..65535")
        if not self.data or len(self.data) % 4:
            raise BadDescriptor(f"{len(self.data)} bytes are not a row of float32 numbers")
        if self.dimension > MAX_DIMENSION:
            raise BadDescriptor(f"dimension {self.dimension} is above {MAX_DIMENSION}")
        # Infinities, what is no number, and the very largest numbers alone have such high bytes.
        high = self.data[3::4]
        if (b"\x7f" in high or b"\xff" in high) and not all(map(math.isfinite, self.values())):
            raise BadDescriptor("it holds numbers that are not finite")

    @property
    def dimension(self) -> int:
        """How many numbers the vector has."""
        return len(self.data) // 4

    def values(self) -> tuple[float, ...]:
        """The numbers of the vector."""
        return struct.unpack(f"<{self.dimension}f", self.data)

    def require_dimension(self, dimension: int) -> None:
        """Refuse a vector that its version's network cannot have made."""
        if self.dimension != dimension:
            raise BadDescriptor(
                f"version {self.version} has dimension {dimension}, not {self.dimension}"
            )


def descriptor_from_raw(kind: DescriptorKind, version: int, text: str | bytes) -> Descriptor:
    """A caller's raw descriptor: the bare float32 numbers, as bytes or in Base64."""
    return Descriptor(kind, version, _bytes_of(text))


def encode_container(descriptor: Descriptor) -> bytes:
    """The SDK container: the descriptor with its kind, version and checksum, as bytes."""
    data = descriptor.data
    kind = _KINDS.index(descriptor.kind)
    header = (_MAGIC, _FORMAT, kind, descriptor.version, descriptor.dimension, zlib.crc32(data))
    return _HEADER.pack(*header) + data


def decode_container(container: bytes) -> Descriptor:
    """The descriptor in an SDK container; anything else is refused with the reason."""
    if len(container) < _HEADER.size:
        raise BadDescriptor("the container is shorter than its header")
    magic, layout, kind, version, dimension, checksum = _HEADER.unpack_from(container)
    if magic != _MAGIC:
        raise BadDescriptor("it does not begin like an SDK container")
    if layout != _FORMAT:
        raise BadDescriptor(f"container format {layout} is unknown")
    if kind >= len(_KINDS):
        raise BadDescriptor(f"kind {kind} is unknown")
    data = container[_HEADER.size :]
    if len(data) != 4 * dimension:
        raise BadDescriptor(f"{len(data)} bytes do not hold {dimension} float32 numbers")
    if zlib.crc32(data) != checksum:
        raise BadDescriptor("its checksum does not fit")
    return Descriptor(_KINDS[kind], version, data)


def encode_sdk(descriptor: Descriptor) -> str:
    """The contract's `sdk_descriptor`: the container in Base64."""
    return base64.b64encode(encode_container(descriptor)).decode("ascii")


def decode_sdk(text: str | bytes) -> Descriptor:
    """The descriptor of an `sdk_descriptor`: Base64 text, or the container's own bytes."""
    return decode_container(_bytes_of(text))


def _bytes_of(text: str | bytes) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadDescriptor(f"not Base64 ({problem})") from None
