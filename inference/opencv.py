"""The only door to OpenCV, opened with limits and without noise."""

import os
from typing import Final

HARD_MAX_PIXELS: Final = 1 << 27
"""What OpenCV may ever decode; it reads this limit once, when it is loaded."""

os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(HARD_MAX_PIXELS))
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # damaged files are refused, not reported

import cv2  # noqa: E402

__all__ = ["HARD_MAX_PIXELS", "cv2"]

# The pool of workers is as wide as the machine; threads of OpenCV's own would only compete.
cv2.setNumThreads(1)
