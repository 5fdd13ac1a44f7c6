"""Antechamber's service: take comments in, decide, tell the platform.

`docs/architecture.md` shows the house; `service.app` and `service.cli` put it together.
"""

__version__ = "0.1.0"
