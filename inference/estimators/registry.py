"""Every class that a pack's `architecture` may name for estimating a property of faces."""

from collections.abc import Callable, Mapping
from typing import Final

from inference.estimators.basic_attributes import AgeGender, GearEthnicities
from inference.estimators.descriptor_score import FormulaScore, LightQNet
from inference.estimators.emotions import SevenEmotions
from inference.estimators.eyes import OpenEyes
from inference.estimators.gaze import IntelGaze
from inference.estimators.glasses import GlassesBand
from inference.estimators.head_pose import FsaNet, PointsPose
from inference.estimators.liveness import MiniFasNets
from inference.estimators.mask import AizooMask
from inference.estimators.mouth import MouthGeometry
from inference.estimators.quality import FormulaQuality
from inference.face_quality import PortraitChecks
from inference.models import Estimator
from inference.packs.pack import RoleSpec
from inference.session import ModelFiles

# Role by role, with the architectures that can fill it.
ESTIMATORS: Final[Mapping[str, Mapping[str, Callable[[RoleSpec, ModelFiles], Estimator]]]] = {
    "head_pose": {"FsaNet": FsaNet, "PointsPose": PointsPose},
    "gaze": {"IntelGaze": IntelGaze},
    "quality": {"FormulaQuality": FormulaQuality},
    "emotions": {"SevenEmotions": SevenEmotions},
    "mask": {"AizooMask": AizooMask},
    "glasses": {"GlassesBand": GlassesBand},
    "mouth_attributes": {"MouthGeometry": MouthGeometry},
    "eyes_attributes": {"OpenEyes": OpenEyes},
    "liveness": {"MiniFasNets": MiniFasNets},
    "ethnicities": {"GearEthnicities": GearEthnicities},
    "basic_attributes": {"AgeGender": AgeGender},
    # Last of all, since it repeats what the others told.
    "face_quality": {"PortraitChecks": PortraitChecks},
    "descriptor_score": {"LightQNet": LightQNet, "FormulaScore": FormulaScore},
}
