"""The only door to ONNX Runtime, usearch and the kernels (numkong) that usearch brings.

usearch loaded before ONNX Runtime ends the process with a segmentation fault (seen with usearch
2.26.2 to 2.26.6), so this module fixes the order and nothing else imports either.
"""

# isort: off
import onnxruntime
import usearch
import usearch.index
import numkong  # comes with usearch
# isort: on

__all__ = ["numkong", "onnxruntime", "usearch"]

# Severity 3 is errors only: warnings about kernels placed on the CPU are normal here, and what
# a session really runs on is asked of the session itself.
onnxruntime.set_default_logger_severity(3)
