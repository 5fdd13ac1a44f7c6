"""What `antechamber` runs: Ctrl-C while the command line is still being loaded is no traceback."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point."""
    try:
        from service import cli  # noqa: PLC0415  (this is what takes a while)
    except KeyboardInterrupt:
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
