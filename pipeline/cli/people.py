"""Commands about one person, and about what is kept of people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.app import app
from pipeline.cli.options import (
    DEMO_OUT,
    JsonOption,
    OutOption,
    ParamsOption,
    SetOption,
    overrides_of,
    params_file_of,
    read_moment,
    settings_of,
)

PANEL = "One lead"


@app.command(rich_help_panel=PANEL)
def explain(
    lead: Annotated[str, typer.Argument(help="Id of the lead.")],
    letter: Annotated[
        Literal["de", "en"] | None,
        typer.Option("--letter", help="Write to the person behind it, in this language."),
    ] = None,
    out: OutOption = DEMO_OUT,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a lead has its score; with --letter, what the person behind it may ask for (Article 15 GDPR)."""
    from pipeline.explain.command import explained

    overrides, file = overrides_of(assignments), params_file_of(params)
    text = explained(out, lead, language=letter, as_json=as_json, params_file=file, overrides=overrides)
    typer.echo(text.rstrip("\n"))


@app.command(rich_help_panel=PANEL)
def changed(
    lead: Annotated[str, typer.Argument(help="Id of the lead.")],
    since: Annotated[str | None, typer.Option("--since", help="A time; default: the score before.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="A time; default: now.")] = None,
    out: OutOption = DEMO_OUT,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what changed between two scores of a lead: corrected data, time, behaviour, model, cut-offs."""
    from pipeline.rebuild.changed_command import changed as split

    settings = settings_of(params, assignments)
    given = (("--since", since), ("--until", until))
    times = [None if text is None else read_moment(text, option) for option, text in given]
    answer = split(out, lead, settings, since_us=times[0], until_us=times[1])
    typer.echo(answer.to_json() if as_json else answer.to_text())


@app.command(rich_help_panel=PANEL)
def replay(
    lead: Annotated[str, typer.Argument(help="Id of the lead.")],
    at: Annotated[str | None, typer.Option("--at", help="A time; default: now. The score of then is rebuilt.")] = None,
    out: OutOption = DEMO_OUT,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rebuild a past score from stored model, cut-offs, rules and facts; exit code 1 if it is not identical."""
    from pipeline.rebuild.command import replayed

    settings = settings_of(params, assignments)
    answer = replayed(out, lead, settings, at_us=None if at is None else read_moment(at, "--at"))
    typer.echo(answer.to_json() if as_json else answer.to_text())
    if answer.differences:
        raise typer.Exit(1)


@app.command(rich_help_panel=PANEL)
def forget(
    lead: Annotated[str, typer.Argument(help="Id of a lead of the person.")],
    out: OutOption = DEMO_OUT,
    data: Annotated[Path | None, typer.Option("--data", help="Exports to search too; they are not changed.")] = None,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase a person from store, outputs and history, keep a salted mark, and search for what is left."""
    from pipeline.forget.command import forget as erase

    settings = settings_of(params, assignments)
    answer = erase(out, lead, settings, data=data)
    typer.echo(answer.to_json() if as_json else answer.to_text())
    if answer.left:
        raise typer.Exit(1)


@app.command(rich_help_panel=PANEL)
def prune(
    out: OutOption = DEMO_OUT,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Count ages from this time; default: now.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be dropped.")] = False,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Drop scores, facts of past nights and decisions that 'retention' in the settings no longer wants kept."""
    import time

    from pipeline.prune.command import prune as drop

    settings = settings_of(params, assignments)
    now_us = time.time_ns() // 1000 if as_of is None else read_moment(as_of, "--as-of")
    answer = drop(out, settings, now_us=now_us, dry_run=dry_run)
    typer.echo(answer.to_json() if as_json else answer.to_text())
