"""The command ``leadscore``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from features.errors import InputError
from features.time_units import parse_time
from pipeline.runner.progress import say

if TYPE_CHECKING:  # the stages bring DuckDB and Ibis with them: whoever only asks must not wait for those
    from pipeline.runner.stages import StageContext

app = typer.Typer(
    name="leadscore",
    help="Lead scoring that learns from your own history, proves itself against your points, and says why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

SourceOption = Annotated[Path, typer.Option("--source", help="Source folder: source.yaml, SQL files, rules.yaml.")]
DataOption = Annotated[Path, typer.Option("--data", help="Folder with the company's exports.")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for outputs, one folder a stage.")]
ParamsOption = Annotated[Path | None, typer.Option("--params", help="Settings; default: params.yaml here, if any.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Override one setting: section.key=value.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Run even if nothing changed.")]
QUESTION = "What if (answers from the last run, changes nothing)"


def _question(flag: str, text: str) -> Any:
    return typer.Option(flag, help=text, rich_help_panel=QUESTION)


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

DEMO_SOURCE, DEMO_DATA, DEMO_OUT = Path("sources/demo"), Path("data/simulate/export"), Path("data")


def _params_file(params: Path | None) -> Path | None:
    default = Path("params.yaml")
    return params if params is not None else (default if default.is_file() else None)


def _context(source: Path, data: Path, out: Path, params: Path | None, assignments: list[str] | None) -> StageContext:
    from pipeline.runner.stages import make_context
    from pipeline.settings.settings import parse_overrides

    overrides = parse_overrides(assignments or [])
    return make_context(
        source_dir=source, data_dir=data, out=out, params_file=_params_file(params), overrides=overrides
    )


def read_as_of(text: str) -> int:
    """Return a moment given on the command line, in microseconds since 1970."""
    try:
        return parse_time(text)
    except ValueError as error:
        raise InputError(expected="--as-of TIME", found=str(error)) from None


def _add_stage_command(name: str, text: str) -> None:
    @app.command(name, help=text)
    def command(
        source: SourceOption = DEMO_SOURCE,
        data: DataOption = DEMO_DATA,
        out: OutOption = DEMO_OUT,
        params: ParamsOption = None,
        assignments: SetOption = None,
        force: ForceOption = False,
    ) -> None:
        from pipeline.runner.stages import run_stage

        run_stage(name, _context(source, data, out, params, assignments), force=force)


def cutoffs(
    source: SourceOption = DEMO_SOURCE,
    data: DataOption = DEMO_DATA,
    out: OutOption = DEMO_OUT,
    params: ParamsOption = None,
    assignments: SetOption = None,
    force: ForceOption = False,
    capacity: Annotated[
        str | None, _question("--capacity", "Leads a week that sales can take (SAL): 120/week.")
    ] = None,
    mql_capacity: Annotated[
        str | None, _question("--mql-capacity", "MQLs a week; default: the cut-off in force.")
    ] = None,
    promise: Annotated[float | None, _question("--promise", "Share of SALs that reach the target: 0.3.")] = None,
    confidence: Annotated[
        float | None, _question("--confidence", "How sure, of promise and intervals; default 0.9.")
    ] = None,
    deal_value: Annotated[float | None, _question("--deal-value", "What a deal brings.")] = None,
    handover_cost: Annotated[float | None, _question("--handover-cost", "What a hand-over costs.")] = None,
    missed_cost: Annotated[
        float | None, _question("--missed-cost", "What a deal missed costs, beyond its value.")
    ] = None,
    people: Annotated[float | None, _question("--people", "Salespeople, in place of --capacity.")] = None,
    minutes_per_lead: Annotated[
        float | None, _question("--minutes-per-lead", "Working time a lead takes; default 60.")
    ] = None,
    hours: Annotated[float | None, _question("--hours", "Hours a week and person for new leads; default 19.")] = None,
    leads_per_person: Annotated[
        float | None, _question("--leads-per-person", "Leads a week and person, if counted.")
    ] = None,
    list_file: Annotated[Path | None, _question("--list", "Write next Monday's list as CSV.")] = None,
    adopt: Annotated[
        bool, _question("--adopt", "Print the settings that make the nightly job use the answer.")
    ] = False,
    as_json: Annotated[bool, _question("--json", "Print the answer as JSON for machines.")] = False,
) -> None:
    """Set the MQL and SAL cut-offs; with a question, say what others would bring and change nothing."""
    asked = {
        "capacity": capacity, "mql_capacity": mql_capacity, "promise": promise, "confidence": confidence,
        "deal_value": deal_value, "handover_cost": handover_cost, "missed_cost": missed_cost, "people": people,
        "minutes_a_lead": minutes_per_lead, "hours_a_week": hours, "leads_a_person": leads_per_person,
    }  # fmt: skip
    if all(value is None for value in asked.values()) and list_file is None and not adopt and not as_json:
        from pipeline.runner.stages import run_stage

        run_stage("cutoffs", _context(source, data, out, params, assignments), force=force)
        return
    if force or assignments or params is not None:
        raise InputError(
            expected="a question, or the stage",
            found="--force, --set or --params beside a question",
            hint="A question is answered from the outputs of a run and changes nothing: leave them out",
        )
    from pipeline.what_if.command import answered

    typer.echo(answered(out, asked, list_file=list_file, adopt=adopt, as_json=as_json))


STAGE_HELP = {
    "simulate": "Write the simulated company's export, and its truth beside it.",
    "ingest": "Read a company's exports into checked tables; bad rows go to rejects.",
    "features": "Build the features of every snapshot, as known at that moment.",
    "labels": "Find each snapshot's outcome and the part of the time split it belongs to.",
    "train": "Train and calibrate the forecast.",
    "cutoffs": "",  # a command of its own, below: it answers questions too
    "evaluate": "Judge model and points on the untouched test period; write the report.",
    "receipt": "Compare model, points and naive Bayes at the team's working depth, sealed, for approval.",
    "register": "Log the run in MLflow and register the model.",
    "score": "Score the open leads, with reasons, into the score store.",
}
for _name, _text in STAGE_HELP.items():
    if _name == "cutoffs":
        app.command("cutoffs")(cutoffs)
    else:
        _add_stage_command(_name, _text)


@app.command()
def run(
    source: SourceOption,
    data: DataOption,
    out: OutOption,
    params: ParamsOption = None,
    assignments: SetOption = None,
) -> None:
    """Run every stage on a source, from exports to scored leads; an interrupted run goes on where it stopped."""
    from pipeline.runner.stages import run_all
    from pipeline.summary import summary_table

    run_all(_context(source, data, out, params, assignments))
    typer.echo(summary_table(out))


@app.command()
def summary(out: OutOption = DEMO_OUT) -> None:
    """Show the result of the last run as a short table."""
    from pipeline.summary import summary_table

    typer.echo(summary_table(out))


@app.command()
def approve(
    role: Annotated[Literal["marketing", "sales"], typer.Option("--as", help="Your team. Sales signs last.")],
    name: Annotated[str, typer.Option("--name", help="Who you are.")],
    out: OutOption = DEMO_OUT,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse instead; it ends the matter.")] = False,
    why: Annotated[str | None, typer.Option("--why", help="The reason; needed to refuse.")] = None,
    params: ParamsOption = None,
    assignments: SetOption = None,
) -> None:
    """Approve or refuse a run's receipt for your team; the model becomes champion when nothing is missing."""
    from pipeline.register.approve import approve as add_word
    from pipeline.settings.settings import parse_overrides

    overrides = parse_overrides(assignments or [])
    file = _params_file(params)
    add_word(out, role=role, name=name, refused=refuse, why=why, params_file=file, overrides=overrides)


@app.command()
def verify(
    out: OutOption = DEMO_OUT,
    as_json: JsonOption = False,
    params: ParamsOption = None,
    assignments: SetOption = None,
) -> None:
    """Check that a run's receipt is as it was sealed and speaks of what lies there; exit code 1 if not."""
    from pipeline.receipt.verify import holds, to_json, to_text
    from pipeline.receipt.verify import verify as verified
    from pipeline.register.receipt_in_mlflow import open_registered, sealed_run
    from pipeline.settings.settings import parse_overrides

    context = open_registered(out, _params_file(params), parse_overrides(assignments or []))
    results = verified(sealed_run(context))
    typer.echo(to_json(results) if as_json else to_text(results))
    if not holds(results):
        raise typer.Exit(1)


@app.command()
def points(
    out: OutOption = DEMO_OUT,
    max_rules: Annotated[int, typer.Option("--max-rules", min=1, help="Most rules of the table.")] = 20,
    highest: Annotated[int | None, typer.Option("--highest", min=1, help="Most points; where a tool ends.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Distil a finished run's model into a points table to type into HubSpot, Marketo or Salesforce."""
    from pipeline.points.command import points_command

    typer.echo(points_command(out, max_rules=max_rules, highest=highest, as_json=as_json))


@app.command()
def init(
    name: Annotated[str, typer.Argument(help="Name of the new source: lower case letters, digits, underscores.")],
    files: Annotated[list[Path], typer.Option("--from", help="CSV or Parquet files to look at; repeat for each.")],
    into: Annotated[Path, typer.Option("--into", help="Folder that gets the new source folder.")] = Path("sources"),
) -> None:
    """Write a commented starting source folder by looking at your files."""
    from pipeline.init.command import start_source

    typer.echo(start_source(name, files, into))


@app.command()
def check(
    source: Annotated[Path, typer.Argument(help="Source folder.")],
    data: DataOption,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what was understood, what was rejected, which columns look like leaks, and whether outcomes suffice."""
    from pipeline.check.command import check_source
    from pipeline.settings.settings import parse_overrides, read_settings
    from pipeline.source.folder import read_source

    overrides = parse_overrides(assignments or [])
    folder = read_source(source, overrides)
    settings = read_settings(_params_file(params), source_defaults={"split": folder.spec.split}, overrides=overrides)
    report = check_source(folder, data, settings)
    typer.echo(report.to_json() if as_json else report.to_text())
    if report.stops:
        raise typer.Exit(2)


@app.command()
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

    context = _context(source, data, out, params, assignments)
    code, text = run_monitor(context, as_of_us=None if as_of is None else read_as_of(as_of), as_json=as_json)
    typer.echo(text)
    if code:
        raise typer.Exit(code)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a user's error is one message and exit code 2, never a traceback."""
    try:
        app(args=arguments, standalone_mode=True)
    except InputError as error:
        say(f"error: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
