"""Options that several commands have, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from features.errors import InputError
from pipeline.runner.job_log import say
from pipeline.settings.shipped import PARAMS, at_hand, is_shipped

if TYPE_CHECKING:  # the stages bring DuckDB and pandas with them: whoever only asks must not wait for those
    from pipeline.runner.stages import StageContext
    from pipeline.settings.settings import Settings

SourceOption = Annotated[Path, typer.Option("--source", help="Source folder: source.yaml, SQL files, rules.yaml.")]
DataOption = Annotated[Path, typer.Option("--data", help="Folder with the company's exports.")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for outputs, one folder a stage.")]
ParamsOption = Annotated[Path | None, typer.Option("--params", help="Settings; default: params.yaml here, or our own.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Override one setting: section.key=value.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Run even if nothing changed.")]
EngineOption = Annotated[
    Literal["duckdb", "spark"] | None,
    typer.Option("--engine", help="This machine (duckdb, the default) or a Spark cluster; results agree."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

DEMO_DATA, DEMO_OUT = Path("data/simulate/export"), Path("data")


def params_file_of(params: Path | None) -> Path:
    """Return the file of settings: the one that was given, the working directory's, or the one that was shipped."""
    return at_hand(PARAMS) if params is None else params


def overrides_of(assignments: list[str] | None) -> dict[str, Any]:
    """Return what ``--set`` overrides, by section."""
    from pipeline.settings.settings import parse_overrides

    return parse_overrides(assignments or [])


def settings_of(params: Path | None, assignments: list[str] | None) -> Settings:
    """Return the settings of a command that reads no source."""
    from pipeline.settings.settings import read_settings

    return read_settings(params_file_of(params), overrides=overrides_of(assignments))


def context_of(
    source: Path, data: Path, out: Path, params: Path | None, assignments: list[str] | None, engine: str | None = None
) -> StageContext:
    """Return what a stage works with."""
    from pipeline.runner.stages import make_context

    overrides = overrides_of([*(assignments or []), *([] if engine is None else [f"engine.name={engine}"])])
    folder, file = at_hand(source), params_file_of(params)
    context = make_context(source_dir=folder, data_dir=data, out=out, params_file=file, overrides=overrides)
    for what, path in (("settings", file), ("source", folder)):
        if is_shipped(path):
            say(f"{what}: {path}, which came with leadscore")
    return context


@contextmanager
def telling_afterwards(settings: Settings, out: Path) -> Iterator[None]:
    """Tell the channels what a command has changed, also where a tool failed; exit code 2 if one did not take it.

    Settings of a channel that cannot be used are said before the command begins.
    """
    if not settings.telling:
        yield
        return
    from pipeline.telling.tell import Telling

    telling = Telling(settings, out)
    try:
        yield
    except InputError:
        telling.tell()
        raise
    told = telling.tell()
    if told.exit_code:
        raise typer.Exit(told.exit_code)


def read_moment(text: str, option: str) -> int:
    """Return a moment given by an option of the command line, in microseconds since 1970."""
    from features.time_units import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise InputError(expected=f"{option} TIME", found=str(error)) from None
