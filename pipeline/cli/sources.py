"""Commands that get to know a company's exports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import DataOption, JsonOption, ParamsOption, SetOption, overrides_of, params_file_of
from pipeline.settings.shipped import at_hand, default_params

PANEL = "A company's exports"

pulls = typer.Typer(help="Get an export folder out of a CRM, by the interface that it offers itself.")
app.add_typer(pulls, name="pull", rich_help_panel=PANEL)


@app.command(rich_help_panel=PANEL)
def init(
    name: Annotated[str, typer.Argument(help="Name of the new source: lower case letters, digits, underscores.")],
    files: Annotated[list[Path], typer.Option("--from", help="CSV or Parquet files to look at; repeat for each.")],
    into: Annotated[Path, typer.Option("--into", help="Folder that gets the new source folder.")] = Path("sources"),
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take the default of each question.")] = False,
) -> None:
    """Write a commented starting source folder by looking at your files; asks where they can be read in two ways."""
    from pipeline.init.command import start_source
    from pipeline.init.questions import Conversation

    typer.echo(start_source(name, files, into, Conversation(yes=yes)))


@app.command(rich_help_panel=PANEL)
def check(
    source: Annotated[Path, typer.Argument(help="Source folder.")],
    data: DataOption,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what was understood, what was rejected, which columns look like leaks, and whether outcomes suffice."""
    from pipeline.check.command import check_source
    from pipeline.settings.settings import read_settings
    from pipeline.source.folder import read_source

    overrides = overrides_of(assignments)
    folder = read_source(at_hand(source), overrides)
    settings = read_settings(params_file_of(params), source_defaults={"split": folder.spec.split}, overrides=overrides)
    report = check_source(folder, data, settings)
    typer.echo(report.to_json() if as_json else report.to_text())
    if report.stops or report.without_outcomes:
        raise typer.Exit(2)


@app.command(rich_help_panel=PANEL)
def params() -> None:
    """Print every setting with its default: a params.yaml to start from."""
    typer.echo(default_params(), nl=False)


@pulls.command("tryton")
def pull_from_tryton(
    url: Annotated[str, typer.Option("--url", help="Tryton's server: https://crm.example.com")],
    database: Annotated[str, typer.Option("--database", help="Its database.")],
    user: Annotated[str, typer.Option("--user", help="Who asks; LEADSCORE_PULL_PASSWORD holds the password.")],
    into: Annotated[Path, typer.Option("--into", help="Folder for the CSV files: DATA of the other commands.")],
    rate: Annotated[float, typer.Option("--rate", min=0.1, help="Most requests a second.")] = 20.0,
) -> None:
    """Write opportunities, their stages and their notes as CSV files; what was read before is not asked again."""
    from pipeline.pull.command import pull_tryton

    typer.echo(pull_tryton(url, database, user, into, rate=rate))
