"""`python -m classifier.reader.training`."""

import typer

from classifier.reader.training import main

typer.run(main)
