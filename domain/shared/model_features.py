"""What the networks of a running system can do: the values behind the list of features."""

from dataclasses import asdict, dataclass
from typing import Any

from domain.shared.biometrics import DescriptorKind
from domain.shared.similarity import Calibration


@dataclass(frozen=True, slots=True)
class RoleFeature:
    """One role: whether a model fills it, which, under what licence, and what it runs on.

    `provider` is empty until the model is loaded. `accuracy` and `latency_ms` are what its pack
    says of it: how well on which data, and one image or face on one thread.
    """

    role: str
    available: bool
    model: str = ""
    architecture: str = ""
    licence: str = ""
    provider: str = ""
    pack: str = ""
    version: str = ""
    sha256: str = ""
    accuracy: str = ""
    latency_ms: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The feature for answers."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DescriptorFeature:
    """The descriptors a system extracts: kind, version, dimension, and how scores are read."""

    kind: DescriptorKind
    version: int
    dimension: int
    calibration: Calibration
    unit_length: bool = True
