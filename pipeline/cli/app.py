"""The command ``leadscore`` itself: what it is, and how it logs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from pipeline.runner.job_log import JobLog, LogForm, log_as, usual_form
from pipeline.what_if.options import CommandLine

LOG_FLAGS = {"--log": 1, "--quiet": 0}
"""Options that may stand anywhere, with the number of their values."""


class LeadscoreCommand(CommandLine):
    """The commands, with options about the log before or behind them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options; those about the log come first, wherever they stand."""
        return super().parse_args(ctx, log_options_first(args))


def log_options_first(arguments: list[str]) -> list[str]:
    """Return the arguments with those about the log in front; what follows ``--`` stays.

    Examples
    --------
    >>> log_options_first(["score", "--log", "json", "--out", "data", "--quiet"])
    ['--log', 'json', '--quiet', 'score', '--out', 'data']
    >>> log_options_first(["explain", "--", "--quiet"])
    ['explain', '--', '--quiet']
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    first: list[str] = []
    rest: list[str] = []
    place = 0
    while place < end:
        flag = arguments[place].partition("=")[0]
        values = LOG_FLAGS.get(flag, 0) if arguments[place] == flag else 0
        taken = arguments[place : min(place + 1 + values, end)]
        (first if flag in LOG_FLAGS else rest).extend(taken)
        place += len(taken)
    return [*first, *rest, *arguments[end:]]


app = typer.Typer(
    name="leadscore",
    cls=LeadscoreCommand,
    help="Lead scoring that learns from your own history, proves itself against your points, and says why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _say_version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"leadscore {version('leadscore')}")
        raise typer.Exit


@app.callback()
def begin(
    form: Annotated[
        Literal["plain", "text", "json"] | None,
        typer.Option(
            "--log", envvar="LEADSCORE_LOG",
            help="How work is logged on standard error: plain lines (and bars), text with times, or JSON; default: "
            "plain on a terminal, else text. May stand behind the command too, as --quiet may.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings and errors only.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:  # fmt: skip
    """Say how the command that follows logs."""
    told: LogForm = form or usual_form()
    log_as(JobLog(told, quiet=quiet))
