"""Commands of every night and of the day after it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.app import app
from pipeline.cli.options import (
    DEMO_DATA,
    DEMO_OUT,
    DataOption,
    EngineOption,
    JsonOption,
    OutOption,
    ParamsOption,
    SetOption,
    SourceOption,
    context_of,
    overrides_of,
    params_file_of,
    read_moment,
    settings_of,
    telling_afterwards,
)
from pipeline.settings.shipped import DEMO_SOURCE

PANEL = "Every day"


@app.command(rich_help_panel=PANEL)
def nightly(
    source: SourceOption,
    data: DataOption,
    out: OutOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would change, and write nothing.")] = False,
    accept: Annotated[str | None, typer.Option("--accept", help="Your name: let pass what is odd tonight.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="The reason to let it pass; it is kept.")] = None,
    params: ParamsOption = None,
    assignments: SetOption = None,
    engine: EngineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score tonight's export with the champion. Exit code 3: it is odd beside the last nights, and nothing was done."""
    from pipeline.nightly.command import letting_of
    from pipeline.nightly.command import nightly as run_night

    context = context_of(source, data, out, params, assignments, engine)
    code, text = run_night(context, dry_run=dry_run, letting=letting_of(accept, why), as_json=as_json)
    typer.echo(text)
    if code:
        raise typer.Exit(code)


@app.command("write-back", rich_help_panel=PANEL)
def write_back(
    out: OutOption = DEMO_OUT,
    sink: Annotated[str | None, typer.Option("--sink", help="Only this place of score.sinks.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be sent; nothing is written.")] = False,
    list_file: Annotated[Path | None, typer.Option("--list", help="With --dry-run: all of it as CSV.")] = None,
    params: ParamsOption = None,
    assignments: SetOption = None,
) -> None:
    """Send the scores in force to the tools in score.sinks, as far as they do not say them already."""
    from pipeline.score.sinks.write_back.command import write_back_command

    settings = settings_of(params, assignments)
    typer.echo(write_back_command(settings.score, out, only=sink, dry_run=dry_run, list_file=list_file))


@app.command(rich_help_panel=PANEL)
def undo(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The run: 'run_id' in score.json and in the API.")],
    why: Annotated[str | None, typer.Option("--why", help="The reason; it is kept with the run.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Who you are; default: this machine's user.")] = None,
    out: OutOption = DEMO_OUT,
    params: ParamsOption = None,
    assignments: SetOption = None,
) -> None:
    """Take a run of scores back: the store's list is that of the run before again, and the run is kept and marked."""
    from pipeline.undo.command import undo as taken_back

    overrides, file = overrides_of(assignments), params_file_of(params)
    with telling_afterwards(settings_of(params, assignments), out):
        typer.echo(taken_back(out, run_id, who=name, why=why, params_file=file, overrides=overrides))


@app.command(rich_help_panel=PANEL)
def monitor(
    source: SourceOption = DEMO_SOURCE,
    data: DataOption = DEMO_DATA,
    out: OutOption = DEMO_OUT,
    as_of: Annotated[str | None, typer.Option("--as-of", help="A time; default: the newest in the data.")] = None,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Watch volume against conversion, drift and idle leads. Exit codes: 0 no alarm, 1 alarm, 2 could not run."""
    from pipeline.monitor.command import run_monitor

    context = context_of(source, data, out, params, assignments)
    moment = None if as_of is None else read_moment(as_of, "--as-of")
    result, text = run_monitor(context, as_of_us=moment, as_json=as_json)
    typer.echo(text)
    code = result.exit_code
    if as_of is None and context.settings.telling:  # who looks at the past has no news
        from pipeline.telling.command import tell_of_checks

        told = tell_of_checks(context.settings, out, result.checks, as_of_us=result.watched.as_of_us)
        code = code or told.exit_code
    if code:
        raise typer.Exit(code)


@app.command(rich_help_panel=PANEL)
def tell(out: OutOption = DEMO_OUT, params: ParamsOption = None, assignments: SetOption = None) -> None:
    """Tell the channels in 'telling' what they were not told yet. Exit code 2: some of it still waits."""
    from pipeline.telling.command import tell_command

    code, text = tell_command(settings_of(params, assignments), out)
    typer.echo(text)
    if code:
        raise typer.Exit(code)


@app.command(rich_help_panel=PANEL)
def digest(
    out: OutOption = DEMO_OUT,
    language: Annotated[Literal["de", "en"], typer.Option("--language", help="Of what is printed.")] = "en",
    send: Annotated[bool, typer.Option("--send", help="Tell the channels that ask for it; a day has one.")] = False,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say in the morning who came onto the list and left it, which alarms last, and what waits for whom."""
    from pipeline.telling.command import digest_command

    code, text = digest_command(settings_of(params, assignments), out, language=language, send=send, to_json=as_json)
    typer.echo(text)
    if code:
        raise typer.Exit(code)


@app.command(
    rich_help_panel=PANEL,
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def serve(context: typer.Context) -> None:
    """Serve scores: an API and pages; 'leadscore serve --help' names its options."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", "serve", *context.args])  # noqa: S606 (a program of ours)
