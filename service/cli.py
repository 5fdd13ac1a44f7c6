"""The command line, `antechamber`: for operators, and for the container's entry points.

What can go wrong in an operator's hands ends in one clear line and a non-zero exit code; a traceback is a bug of ours.
Heavy modules are imported by the command that needs them.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import signal
import sys
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from service import __version__
from service.commands import (
    care,
    check,
    comments,
    deliveries,
    demo,
    exports,
    imports,
    learning,
    models,
    moderators,
    notices,
    other_reader,
    partitions,
    privacy,
    score,
    settings,
    sites,
    stopped,
    tls_front,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_RUN, _OPERATE, _LEARN = "Run it", "Operate it", "Learn from what humans decide"
_CLASSIFY = "The classifier by itself"

app.command(rich_help_panel=_RUN)(demo.demo)
app.command(rich_help_panel=_RUN)(check.check)
app.command(rich_help_panel=_RUN)(check.doctor)
app.command(rich_help_panel=_RUN)(settings.settings)
app.add_typer(sites.app, name="sites", rich_help_panel=_OPERATE)
app.add_typer(moderators.app, name="moderators", rich_help_panel=_OPERATE)
app.add_typer(notices.app, name="notices", rich_help_panel=_OPERATE)
app.add_typer(comments.comments, name="comments", rich_help_panel=_OPERATE)
app.add_typer(comments.dead, name="dead", rich_help_panel=_OPERATE)
app.add_typer(deliveries.app, name="deliveries", rich_help_panel=_OPERATE)
app.add_typer(settings.app, name="keys", rich_help_panel=_OPERATE)
app.add_typer(tls_front.app, name="tls-front", rich_help_panel=_OPERATE)
app.command("import", rich_help_panel=_LEARN)(imports.import_history)
app.command(rich_help_panel=_LEARN)(exports.export)
app.command(rich_help_panel=_LEARN)(learning.train)
app.command(rich_help_panel=_LEARN)(learning.backtest)
app.command(rich_help_panel=_LEARN)(learning.promise)
app.command(rich_help_panel=_LEARN)(learning.doubts)
app.command("other-reader", rich_help_panel=_LEARN)(other_reader.other_reader)
app.add_typer(models.app, name="models", rich_help_panel=_LEARN)
app.add_typer(privacy.app, name="privacy", rich_help_panel=_OPERATE)
app.command(rich_help_panel=_OPERATE)(comments.erase)
app.command(rich_help_panel=_OPERATE)(comments.compact)
app.command(rich_help_panel=_OPERATE)(partitions.partitions)
app.command(rich_help_panel=_OPERATE)(care.backup)
app.command(rich_help_panel=_OPERATE)(care.restore)
app.command(rich_help_panel=_OPERATE)(care.repair)
app.command(rich_help_panel=_CLASSIFY)(score.score)


def _print_version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def options(
    wanted: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Self-hosted comment moderation. Settings come from ANTECHAMBER_* variables; docs/settings.md lists them."""


class Role(StrEnum):
    """What one process can be."""

    API = "api"
    WORKER = "worker"
    DELIVER = "deliver"
    LEARN = "learn"


@app.command(rich_help_panel=_RUN)
def serve(
    only: Annotated[Role | None, typer.Option(help="Run one role in this process instead of all in a tree.")] = None,
    with_parent: Annotated[bool, typer.Option(hidden=True, help="Stop when standard input ends.")] = False,
) -> None:
    """Run the service: API, classify worker and deliverer, who trains if the settings ask for it, and an embedded Redis unless
    REDIS_URL is set.
    """
    import structlog

    from service import installation, logs, serve
    from service.settings import load

    loaded = load()
    logs.configure(loaded)
    if only is None:
        installation.begin(loaded)
        serve.run_tree(loaded)
        return
    try:
        serve.run_role(only.value, loaded, with_parent=with_parent)
        sys.stderr.flush()
        os._exit(0)  # all is closed, and tearing down what models have loaded takes long
    except _expected():
        raise
    except Exception as error:
        # Not a traceback: its last line may quote what came in.
        cause = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
        structlog.get_logger().error("crashed", role=only.value, error=type(cause).__name__, frames=logs.frames(cause))
        sys.exit(1)


_PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True}


@app.command(context_settings=_PASSED_ON, add_help_option=False, rich_help_panel=_CLASSIFY)
def evaluate(context: typer.Context) -> None:
    """Measure a model on labelled comments; print a summary and save a report with plots."""
    _classify("evaluate", context.args)


def _classify(command: str, words: list[str]) -> None:
    """The classifier's own command of that name. It is imported only now, since numpy takes a while."""
    from classifier.cli import app as classifier

    typer.main.get_command(classifier)([command, *words], prog_name="antechamber")


@app.command(rich_help_panel=_RUN)
def version() -> None:
    """Print the version."""
    typer.echo(f"antechamber {__version__}")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What can't be printed as JSON writes it, which people can read too."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), error.end


def _print_all() -> None:
    """Let no character that a terminal's encoding lacks, nor a file's name that is no text, end a command half-way."""
    codecs.register_error("as-json", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="as-json")


def main() -> None:
    """The entry point."""
    _print_all()
    # A service says itself how it stops, and may be killed before it can.
    terminated = stopped.heed_terminate() if stopped.line(sys.argv[1:]) else bool
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED or (end.code and terminated()):  # how the library puts it, and at a question
            _stop(terminated=terminated())
        raise
    except KeyboardInterrupt:
        _stop(terminated=terminated())
    except Exception as error:
        _end(error)


_INTERRUPTED, _TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM


def _stop(*, terminated: bool) -> NoReturn:
    """Say what holds, and end at once, whatever a thread still computes: all that was open is closed."""
    _say(stopped.line(sys.argv[1:]))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(_TERMINATED if terminated else _INTERRUPTED)


_DISK = frozenset(
    {
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENOTDIR, errno.EISDIR,
        errno.ENAMETOOLONG, errno.ESTALE, errno.EMFILE, errno.ENFILE,
    }
)  # fmt: skip
"""What a disk, and what lies on it, brings about, wherever a command reads or writes: no bug of ours."""


def _end(error: Exception) -> NoReturn:
    """One line for what an operator can mend; anything else is raised again."""
    from service.core.errors import AntechamberError, StoreUnavailable
    from service.serve import CANT_START

    if isinstance(error, OSError) and error.errno in _DISK:
        _say(": ".join(part for part in (str(error.filename or ""), error.strerror) if part))
        sys.exit(1)
    if isinstance(error, UnicodeEncodeError | UnicodeDecodeError):  # what is typed or piped in comes as bytes
        _say("something that was given is no text in UTF-8")
        sys.exit(1)
    if not isinstance(error, _expected()):
        raise error
    _say(error.amiss if isinstance(error, StoreUnavailable) else str(error))
    sys.exit(1 if isinstance(error, AntechamberError) else CANT_START)


def _expected() -> tuple[type[Exception], ...]:
    """What the world, and not a bug of ours, brings about."""
    from service.core.errors import AntechamberError, BackupError, WrongInstallation
    from service.installation import InstallationError
    from service.keyfiles import KeyFileError
    from service.serve import CantStart
    from service.settings import SettingsError

    return AntechamberError, SettingsError, KeyFileError, CantStart, InstallationError, WrongInstallation, BackupError


def _say(line: str) -> None:
    if line:
        sys.stderr.write(f"antechamber: {line}\n")


if __name__ == "__main__":
    main()
