"""The development pack: a manifest of the product over networks that lie outside it."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from inference.packs.pack import ModelPack, read_pack

DEV_MANIFEST: Final = Path(__file__).parent / "packs" / "dev.toml"


def dev_pack(models: Path, *, on: Collection[str] = ()) -> ModelPack:
    """The pack whose files lie in `models`, with roles switched on that it leaves off."""
    return read_pack(DEV_MANIFEST, models, on=on)
