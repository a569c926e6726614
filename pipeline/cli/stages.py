"""Commands that run stages: one, all, those of the demo, and their result."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import (
    DEMO_DATA,
    DEMO_OUT,
    DataOption,
    EngineOption,
    ForceOption,
    JsonOption,
    OutOption,
    ParamsOption,
    SetOption,
    SourceOption,
    context_of,
    telling_afterwards,
)
from pipeline.settings.shipped import DEMO_SOURCE
from pipeline.what_if.options import without_option

PANEL, STAGE_PANEL = "From exports to a model", "Its stages, one at a time"


@app.command(rich_help_panel=PANEL)
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

    context = context_of(source, data, out, params, assignments, engine)
    with telling_afterwards(context.settings, out):
        run_all(context)
        typer.echo(summary_table(out))


@app.command(rich_help_panel=PANEL)
def demo(out: OutOption = DEMO_OUT, params: ParamsOption = None, assignments: SetOption = None) -> None:
    """Simulate a company and run every stage on it; an interrupted run goes on where it stopped."""
    from pipeline.outputs.simulated_export import simulated_export
    from pipeline.runner.stages import STAGES, run_all
    from pipeline.summary import summary_table

    context = context_of(DEMO_SOURCE, simulated_export(out), out, params, assignments)
    run_all(context, [stage.name for stage in STAGES])
    typer.echo(summary_table(out))


@app.command(rich_help_panel=PANEL)
def summary(out: OutOption = DEMO_OUT) -> None:
    """Show the result of the last run as a short table."""
    from pipeline.summary import summary_table

    typer.echo(summary_table(out))


@app.command(rich_help_panel=PANEL)
def cv(
    source: SourceOption = DEMO_SOURCE,
    data: DataOption = DEMO_DATA,
    out: OutOption = DEMO_OUT,
    params: ParamsOption = None,
    assignments: SetOption = None,
    folds: Annotated[int, typer.Option("--folds", min=1, max=20, help="How often to train and judge.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Judge settings on later leads, several times, before the test begins: for a search that never sees the test."""
    from pipeline.cross_validation.command import judge_settings

    judged = judge_settings(context_of(source, data, out, params, assignments), folds)
    typer.echo(judged.to_json() if as_json else judged.to_text())


@app.command(rich_help_panel=PANEL)
def metrics(
    out: OutOption = DEMO_OUT,
    into: Annotated[Path, typer.Option("--into", help="Folder for the files, kept in git.")] = Path("metrics"),
) -> None:
    """Write a run's main figures and curves as small files for git, for 'dvc metrics diff' and 'dvc plots diff'."""
    from pipeline.tracked_figures import write_tracked_figures

    for file in write_tracked_figures(out, into):
        typer.echo(file)


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

        context = context_of(source, data, out, params, assignments, engine)
        with telling_afterwards(context.settings, out) if name == "score" else nullcontext():
            run_stage(name, context, force=force)

    app.command(name, help=text, rich_help_panel=STAGE_PANEL)(
        command if name in MASS_STAGES else without_option(command, "engine")
    )


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
