"""Kinds of work for the networks by name, as queues carry them to wherever a pipeline is."""

from collections.abc import Sequence
from typing import Any, Literal

from domain.shared.biometrics import DescriptorKind
from inference.pipeline import Pipeline
from inference.warp_codec import encode_warp

Work = Literal["detect", "extract_faces", "extract_bodies", "encode_warps", "decode_warps"]


def do_work(pipeline: Pipeline, kind: Work, items: Sequence[Any], wanted: Any) -> list[Any]:
    """One call of the pipeline; results are in the order of the items."""
    match kind:
        case "detect":
            return pipeline.detect(items, wanted)
        case "extract_faces":
            return pipeline.extract_faces(items, wanted)
        case "extract_bodies":
            return pipeline.extract_bodies(items, wanted)
        case "encode_warps":
            return [encode_warp(warp) for warp in items]
        case "decode_warps":
            return [pipeline.decode_warp(data, DescriptorKind(wanted)) for data in items]
