"""Text in, probabilities out: spam and toxicity of comments, scored and explained. Usable without the service.

`load()` gives the shipped model. Everything that scoring needs is here, and needs numpy. Evaluation and learning from
a site's decisions (`correction`, `evaluation`) need scikit-learn and scipy as well. Names are loaded when first asked for,
so that who reads only `classifier.unicode` needs neither.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifier.artifact import ArtifactError
    from classifier.correction import Correction
    from classifier.correction.decisions import Decided
    from classifier.explanation import Explanation, Part
    from classifier.inputs import Input
    from classifier.model import LABELS, MEANING, WORDS, Look, Model, Prediction, Second, Version, load
    from classifier.reader.fusion import Heard

__all__ = [
    "LABELS",
    "MEANING",
    "WORDS",
    "ArtifactError",
    "Correction",
    "Decided",
    "Explanation",
    "Heard",
    "Input",
    "Look",
    "Model",
    "Part",
    "Prediction",
    "Second",
    "Version",
    "load",
]

_HOMES = {
    "ArtifactError": "artifact",
    "Correction": "correction",
    "Decided": "correction.decisions",
    "Explanation": "explanation",
    "Part": "explanation",
    "Input": "inputs",
    "Heard": "reader.fusion",
    **dict.fromkeys(
        ("LABELS", "MEANING", "WORDS", "Look", "Model", "Prediction", "Second", "Version", "load"), "model"
    ),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
