"""Where the development models and media lie, when they are there at all."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SELENE_SHARED", ROOT.parent / "shared"))
MEDIA = SHARED / "media"
MODELS = SHARED / "models"

needs_media = pytest.mark.skipif(not MEDIA.is_dir(), reason="shared media are not here")
needs_models = pytest.mark.skipif(not MODELS.is_dir(), reason="shared models are not here")
