"""`python -m classifier`: the classifier's commands, without the service."""

from classifier.cli import app

app(prog_name="python -m classifier")
