"""Text in, probabilities out: spam and toxicity of comments, scored and explained. Usable without the service.

`load()` gives the shipped model. Everything public is here; scoring needs numpy, training and evaluation need
scikit-learn as well.
"""

from classifier.artifact import ArtifactError
from classifier.comments import Input
from classifier.explanation import Explanation, Part
from classifier.model import LABELS, Model, Prediction, load

__all__ = ["LABELS", "ArtifactError", "Explanation", "Input", "Model", "Part", "Prediction", "load"]
