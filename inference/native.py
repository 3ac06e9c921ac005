"""The only door to ONNX Runtime and usearch.

usearch loaded before ONNX Runtime ends the process with a segmentation fault (seen with usearch
2.26.2 to 2.26.6), so this module fixes the order and nothing else imports either.
"""

# isort: off
import onnxruntime
import usearch
import usearch.index
# isort: on

__all__ = ["onnxruntime", "usearch"]

# Severity 3 is errors only: warnings about kernels placed on the CPU are normal here, and what
# a session really runs on is asked of the session itself.
onnxruntime.set_default_logger_severity(3)
