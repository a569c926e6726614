"""The command ``leadscore``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from features.errors import InputError
from pipeline.runner.progress import say
from pipeline.settings.disk_faults import disk_fault
from pipeline.what_if.options import WHAT_IF, CommandLine, without_option, without_question

if TYPE_CHECKING:  # the stages bring DuckDB and pandas with them: whoever only asks must not wait for those
    from pipeline.runner.stages import StageContext

app = typer.Typer(
    name="leadscore",
    cls=CommandLine,
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
EngineOption = Annotated[
    Literal["duckdb", "spark"] | None,
    typer.Option("--engine", help="This machine (duckdb, the default) or a Spark cluster; results agree."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

DEMO_SOURCE, DEMO_DATA, DEMO_OUT = Path("sources/demo"), Path("data/simulate/export"), Path("data")


def _params_file(params: Path | None) -> Path | None:
    default = Path("params.yaml")
    return params if params is not None else (default if default.is_file() else None)


def _context(
    source: Path,
    data: Path,
    out: Path,
    params: Path | None,
    assignments: list[str] | None,
    engine: str | None = None,
) -> StageContext:
    from pipeline.runner.stages import make_context
    from pipeline.settings.settings import parse_overrides

    overrides = parse_overrides([*(assignments or []), *([] if engine is None else [f"engine.name={engine}"])])
    return make_context(
        source_dir=source, data_dir=data, out=out, params_file=_params_file(params), overrides=overrides
    )


def read_moment(text: str, option: str) -> int:
    """Return a moment given by an option of the command line, in microseconds since 1970."""
    from features.time_units import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise InputError(expected=f"{option} TIME", found=str(error)) from None


def _add_stage_command(name: str, text: str) -> None:
    def command(
        source: SourceOption = DEMO_SOURCE,
        data: DataOption = DEMO_DATA,
        out: OutOption = DEMO_OUT,
        params: ParamsOption = None,
        assignments: SetOption = None,
        force: ForceOption = False,
        engine: EngineOption = None,
    ) -> None:
        from pipeline.runner.stages import run_stage

        run_stage(name, _context(source, data, out, params, assignments, engine), force=force)

    app.command(name, help=text)(command if name in MASS_STAGES else without_option(command, "engine"))


MASS_STAGES = ("features", "score")
"""Stages that a Spark cluster can do."""
STAGE_HELP = {
    "simulate": "Write the simulated company's export, and its truth beside it.",
    "ingest": "Read a company's exports into checked tables; bad rows go to rejects.",
    "features": "Build the features of every snapshot, as known at that moment.",
    "labels": "Find each snapshot's outcome and the part of the time split it belongs to.",
    "train": "Train and calibrate the forecast.",
    "cutoffs": "Set the MQL and SAL cut-offs; with a question it is 'leadscore what-if', which changes nothing.",
    "evaluate": "Judge model and points on the untouched test period; write the report.",
    "receipt": "Compare model, points and naive Bayes at the team's working depth, sealed, for approval.",
    "register": "Log the run in MLflow and register the model.",
    "score": "Score the open leads, with reasons, into the score store.",
}
for _name, _text in STAGE_HELP.items():
    _add_stage_command(_name, _text)


@app.command(WHAT_IF)
@without_question
def what_if(
    out: OutOption = DEMO_OUT,
    list_file: Annotated[Path | None, typer.Option("--list", help="Write next Monday's list as CSV.")] = None,
    list_form: Annotated[
        Literal["commas", "german"],
        typer.Option("--list-form", help="german: semicolons, and commas in numbers, as German Excel reads them."),
    ] = "commas",
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Print the settings that make the nightly job use the answer.")
    ] = False,
    as_json: JsonOption = False,
    **question: str | float | None,
) -> None:
    """Say what other cut-offs would bring, from the last run; it changes nothing. Unasked, those in force hold."""
    from pipeline.what_if.command import answered

    typer.echo(answered(out, question, list_file=list_file, list_form=list_form, adopt=adopt, as_json=as_json))


@app.command()
def run(
    source: SourceOption,
    data: DataOption,
    out: OutOption,
    params: ParamsOption = None,
    assignments: SetOption = None,
    engine: EngineOption = None,
) -> None:
    """Run every stage on a source, from exports to scored leads; an interrupted run goes on where it stopped."""
    from pipeline.runner.stages import run_all
    from pipeline.summary import summary_table

    run_all(_context(source, data, out, params, assignments, engine))
    typer.echo(summary_table(out))


@app.command()
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

    context = _context(source, data, out, params, assignments, engine)
    code, text = run_night(context, dry_run=dry_run, letting=letting_of(accept, why), as_json=as_json)
    typer.echo(text)
    if code:
        raise typer.Exit(code)


@app.command()
def demo(out: OutOption = DEMO_OUT, params: ParamsOption = None, assignments: SetOption = None) -> None:
    """Simulate a company and run every stage on it; an interrupted run goes on where it stopped."""
    from pipeline.outputs.simulated_export import simulated_export
    from pipeline.runner.stages import STAGES, run_all
    from pipeline.summary import summary_table

    context = _context(DEMO_SOURCE, simulated_export(out), out, params, assignments)
    run_all(context, [stage.name for stage in STAGES])
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
def undo(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The run: 'run_id' in score.json and in the API.")],
    why: Annotated[str | None, typer.Option("--why", help="The reason; it is kept with the run.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Who you are; default: this machine's user.")] = None,
    out: OutOption = DEMO_OUT,
    params: ParamsOption = None,
    assignments: SetOption = None,
) -> None:
    """Take a run of scores back: the store's list is that of the run before again, and the run is kept and marked."""
    from pipeline.settings.settings import parse_overrides
    from pipeline.undo.command import undo as taken_back

    overrides = parse_overrides(assignments or [])
    typer.echo(taken_back(out, run_id, who=name, why=why, params_file=_params_file(params), overrides=overrides))


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
def champion(
    out: OutOption = DEMO_OUT,
    back: Annotated[bool, typer.Option("--back", help="Go back to the decision before; needs --why.")] = False,
    to: Annotated[str | None, typer.Option("--to", help="Put this earlier decision in force again.")] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Take the champion that MLflow has.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="Who you are; default: the user of this machine.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="The reason; it is kept.")] = None,
    source: Annotated[Path | None, typer.Option("--source", help="Source folder, to fetch into a new OUT.")] = None,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who is in force since when, signed by whom, and what was before; or go back."""
    from pipeline.champion.command import champion as shown
    from pipeline.settings.settings import parse_overrides
    from pipeline.source.folder import read_source

    overrides = parse_overrides(assignments or [])
    source_name = None if source is None else read_source(source, overrides).spec.name
    text = shown(
        out,
        back=back,
        to=to,
        fetched=fetch,
        name=name,
        why=why,
        source=source_name,
        params_file=_params_file(params),
        overrides=overrides,
        as_json=as_json,
    )
    typer.echo(text)


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
    from pipeline.settings.settings import parse_overrides

    overrides, file = parse_overrides(assignments or []), _params_file(params)
    text = explained(out, lead, language=letter, as_json=as_json, params_file=file, overrides=overrides)
    typer.echo(text.rstrip("\n"))


@app.command()
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
    from pipeline.settings.settings import parse_overrides, read_settings

    settings = read_settings(_params_file(params), overrides=parse_overrides(assignments or []))
    answer = replayed(out, lead, settings, at_us=None if at is None else read_moment(at, "--at"))
    typer.echo(answer.to_json() if as_json else answer.to_text())
    if answer.differences:
        raise typer.Exit(1)


@app.command()
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
    from pipeline.settings.settings import parse_overrides, read_settings

    settings = read_settings(_params_file(params), overrides=parse_overrides(assignments or []))
    answer = erase(out, lead, settings, data=data)
    typer.echo(answer.to_json() if as_json else answer.to_text())
    if answer.left:
        raise typer.Exit(1)


@app.command()
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
    from pipeline.settings.settings import parse_overrides, read_settings

    settings = read_settings(_params_file(params), overrides=parse_overrides(assignments or []))
    now_us = time.time_ns() // 1000 if as_of is None else read_moment(as_of, "--as-of")
    answer = drop(out, settings, now_us=now_us, dry_run=dry_run)
    typer.echo(answer.to_json() if as_json else answer.to_text())


@app.command()
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
    from pipeline.settings.settings import parse_overrides, read_settings

    settings = read_settings(_params_file(params), overrides=parse_overrides(assignments or []))
    given = (("--since", since), ("--until", until))
    times = [None if text is None else read_moment(text, option) for option, text in given]
    answer = split(out, lead, settings, since_us=times[0], until_us=times[1])
    typer.echo(answer.to_json() if as_json else answer.to_text())


@app.command()
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
    if report.stops or report.without_outcomes:
        raise typer.Exit(2)


@app.command("write-back")
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
    from pipeline.settings.settings import parse_overrides, read_settings

    settings = read_settings(_params_file(params), overrides=parse_overrides(assignments or []))
    typer.echo(write_back_command(settings.score, out, only=sink, dry_run=dry_run, list_file=list_file))


pulls = typer.Typer(help="Get an export folder out of a CRM, by the interface that it offers itself.")
app.add_typer(pulls, name="pull")


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
    code, text = run_monitor(
        context, as_of_us=None if as_of is None else read_moment(as_of, "--as-of"), as_json=as_json
    )
    typer.echo(text)
    if code:
        raise typer.Exit(code)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a user's error is one message and exit code 2, never a traceback."""
    try:
        app(args=arguments, standalone_mode=True)
    except InputError as error:
        _refuse(error)
    except RecursionError:
        _refuse(InputError(expected="files and options that are nested a few levels deep", found="far deeper ones"))
    except Exception as error:
        fault = disk_fault(error)
        if fault is None:
            raise
        _refuse(fault)


def _refuse(error: InputError) -> NoReturn:
    say(f"error: {error}")
    sys.exit(2)


if __name__ == "__main__":
    main()
