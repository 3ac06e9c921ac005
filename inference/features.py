"""What a loaded pack can do, for the list of features and for whoever compares descriptors."""

from domain.shared.biometrics import DescriptorKind
from domain.shared.model_features import DescriptorFeature, RoleFeature
from inference.architectures import ARCHITECTURES
from inference.loaded_pack import LoadedPack


def role_features(loaded: LoadedPack) -> list[RoleFeature]:
    """Every role the product knows: filled by the pack, left off by it, or missing."""
    pack, providers = loaded.pack, loaded.providers()
    features = []
    for role in ARCHITECTURES:
        spec = pack.roles.get(role) or pack.off.get(role)
        if spec is None:
            features.append(RoleFeature(role, available=False))
            continue
        ref = pack.ref(role)
        features.append(
            RoleFeature(
                role=role,
                available=role in pack.roles,
                model=ref.model,
                architecture=spec.architecture,
                licence=spec.licence,
                provider=providers.get(role, ""),
                pack=pack.name,
                version=pack.version,
                sha256=ref.sha256,
                accuracy=spec.accuracy,
                latency_ms=spec.latency_ms,
            )
        )
    return features


def descriptor_features(loaded: LoadedPack) -> list[DescriptorFeature]:
    """The descriptors the pack extracts, at most one version per kind."""
    features = []
    for kind in DescriptorKind:
        spec = loaded.pack.roles.get(f"{kind}_descriptor")
        if spec and spec.version and spec.dimension and spec.calibration:
            features.append(
                DescriptorFeature(
                    kind=kind,
                    version=spec.version,
                    dimension=spec.dimension,
                    calibration=spec.calibration,
                    unit_length=bool(spec.options.get("unit_length", True)),
                )
            )
    return features
