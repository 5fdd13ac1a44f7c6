"""`python -m classifier.training`."""

import typer

from classifier.training import main

typer.run(main)
