"""Text in, probabilities out: spam and toxicity of comments, scored and explained. Usable without the service.

`load()` gives the shipped model. Everything that scoring needs is here, and needs numpy. Evaluation and learning from
a site's decisions (`correcting`, `doubts`, `gate`, `promise`, `choosing`) need scikit-learn and scipy as well.
"""

from classifier.artifact import ArtifactError
from classifier.comments import Input
from classifier.correction import Correction
from classifier.decisions import Decided
from classifier.explanation import Explanation, Part
from classifier.model import LABELS, Model, Prediction, Version, load

__all__ = [
    "LABELS",
    "ArtifactError",
    "Correction",
    "Decided",
    "Explanation",
    "Input",
    "Model",
    "Part",
    "Prediction",
    "Version",
    "load",
]
