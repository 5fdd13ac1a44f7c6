"""The second reader, which reads meaning in a hundred languages (an extra: `antechamber[reader]`). Public: what is listed.

Importing this loads nothing that is not installed without the extra; `load` does, and says so if it is not there.
"""

from importlib.util import find_spec

from classifier.reader.fusion import Fusion, Heard
from classifier.reader.reader import Reader, Reading, load
from classifier.reader.weights import PACKAGE, ReaderError

__all__ = ["Fusion", "Heard", "Reader", "ReaderError", "Reading", "installed", "load"]


def installed() -> bool:
    """Whether the extra is installed; loads nothing."""
    return all(find_spec(name) is not None for name in (PACKAGE, "onnx", "onnxruntime"))
