"""The stages, once: name = module = DVC stage = output folder; what each reads; and how one is run or skipped."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, cast

from features.errors import InputError
from features.source_spec import SourceSpec
from models.stage_stamps import Stamp
from pipeline.runner.job_log import say
from pipeline.runner.workspace import Workspace, code_digest, export_digest, tree_digest
from pipeline.settings.settings import SOURCE_SECTIONS, Settings, read_settings
from pipeline.source.data_folder import exported_files
from pipeline.source.folder import read_source


@dataclass(frozen=True)
class Stage:
    """One step of the flow.

    Parameters
    ----------
    name : str
        Module ``pipeline.<name>`` with ``run(context, out)``, and the output folder's name.
    needs : tuple of str
        Earlier stages whose folders it reads.
    sections : tuple of str
        Sections of the settings it depends on.
    knobs : tuple of str
        Single settings of other sections it depends on, as ``section.key``.
    reads_source, reads_data : bool
        Whether it reads the source folder and the company's export.
    """

    name: str
    needs: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    knobs: tuple[str, ...] = ()
    reads_source: bool = False
    reads_data: bool = False
    writes_outside: bool = False
    """Whether it writes into a store of its own too; the module then has ``is_stored(context)``."""
    chooses: bool = False
    """Whether it decides by itself what else it reads; the module then has ``chosen_inputs(context)``."""


STAGES = (
    Stage("simulate", sections=("simulate",), reads_source=True),
    Stage("ingest", sections=("ingest",), reads_source=True, reads_data=True),
    Stage("features", needs=("ingest",), sections=("features",)),
    Stage("labels", needs=("ingest", "features"), sections=("split",)),
    Stage("train", needs=("ingest", "features", "labels"), sections=("features", "model")),
    Stage(
        "cutoffs",
        needs=("ingest", "features", "labels", "train"),
        sections=("features", "cutoffs"),
        knobs=("score.every",),
    ),
    Stage(
        "evaluate",
        needs=("ingest", "features", "labels", "train", "cutoffs"),
        sections=("features", "model", "evaluate"),
        knobs=("score.every",),
    ),
    Stage(
        "receipt",
        needs=("ingest", "features", "labels", "train", "cutoffs", "evaluate"),
        sections=("features", "split", "model", "cutoffs", "evaluate", "receipt"),
        knobs=("score.every",),
        writes_outside=True,
    ),
    Stage(
        "register",
        needs=("ingest", "features", "labels", "train", "cutoffs", "evaluate", "receipt"),
        sections=("features", "mlflow"),
    ),
    Stage(
        "score",
        needs=("ingest", "features"),  # and the champion, or what the last training left
        sections=("features", "score"),
        writes_outside=True,
        chooses=True,
    ),
)
ADDRESSES = (("score", "store"), ("score", "sinks"), ("mlflow", "tracking_uri"))
"""Settings that may hold a password: a stage's stamp keeps their digest only."""
SPEC_FILE = "spec.json"
"""What stage ``ingest`` leaves of ``source.yaml``."""
RUN_STAGES = tuple(stage.name for stage in STAGES if stage.name != "simulate")


@dataclass(frozen=True)
class StageContext:
    """What a stage may read.

    Parameters
    ----------
    workspace : Workspace
        Where the earlier stages' folders are.
    settings : Settings
        Every knob.
    source_dir, data_dir : Path, optional
        The source folder and the company's export; only ``simulate`` and ``ingest`` look there.
    overrides : mapping
        From ``--set``, for the sections that belong to the source.
    """

    workspace: Workspace
    settings: Settings
    source_dir: Path | None
    data_dir: Path | None
    overrides: Mapping[str, Any]

    def folder(self, stage: str) -> Path:
        """Return an earlier stage's folder; a missing one is an InputError that says what to run."""
        self.stamp(stage)
        return self.workspace.folder(stage)

    def stamp(self, stage: str) -> Stamp:
        """Return what an earlier stage's ``stage.json`` says; a missing one is an InputError that says what to run."""
        stamp = self.workspace.stamp(stage)
        if stamp is None:
            raise InputError(
                expected=f"the outputs of stage {stage}", found="none", hint=f"Run 'leadscore {stage}' first"
            )
        return stamp

    def has(self, stage: str) -> bool:
        """Whether a stage has been completed."""
        return self.workspace.stamp(stage) is not None

    def spec(self) -> SourceSpec:
        """Return the source's spec as ingested; the same text is parsed once, whoever asks and however often."""
        return _parsed_spec((self.folder("ingest") / SPEC_FILE).read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def _parsed_spec(text: str) -> SourceSpec:
    """Keep specs by their text: a stage ``ingest`` that writes another one is never answered with the old one."""
    return SourceSpec.model_validate_json(text)


class StageModule(Protocol):
    """What the module ``pipeline.<name>.stage`` of every stage offers."""

    def run(self, context: StageContext, out: Path) -> None:
        """Write the stage's outputs into an empty folder."""


class StoringModule(StageModule, Protocol):
    """What the module of a stage offers that writes into a store of its own too."""

    def is_stored(self, context: StageContext) -> bool:
        """Whether the store still holds what the stage's outputs say."""


class ChoosingModule(StageModule, Protocol):
    """What the module of a stage offers that decides by itself what else it reads."""

    def chosen_inputs(self, context: StageContext) -> Mapping[str, Any]:
        """Return what it reads besides its needs, in digests and values."""


def stage_named(name: str) -> Stage:
    """Return the stage of a name; another name is an InputError."""
    for stage in STAGES:
        if stage.name == name:
            return stage
    raise InputError(expected=f"a stage: {', '.join(stage.name for stage in STAGES)}", found=repr(name))


def _module_of(stage: Stage) -> StageModule:
    return cast("StageModule", importlib.import_module(f"pipeline.{stage.name}.stage"))


def stage_inputs(stage: Stage, context: StageContext) -> dict[str, Any]:
    """Return all that decides a stage's outputs, in digests and values."""
    inputs: dict[str, Any] = {"code": code_digest(), "seed": context.settings.seed}
    dumped = context.settings.model_dump(mode="json", by_alias=True)
    inputs["settings"] = {section: dumped[section] for section in stage.sections}
    if stage.knobs:
        inputs["knobs"] = {knob: dumped[knob.split(".")[0]][knob.split(".")[1]] for knob in stage.knobs}
    for section, key in ADDRESSES:
        if section in stage.sections:
            address = inputs["settings"][section].pop(key)
            inputs[key] = hashlib.sha256(str(address).encode()).hexdigest()
    for need in stage.needs:
        inputs[need] = context.stamp(need).outputs
    if stage.chooses:
        inputs |= cast("ChoosingModule", _module_of(stage)).chosen_inputs(context)
    if stage.reads_source:
        inputs["source"] = tree_digest([_given(context.source_dir, "--source")])
        inputs["overrides"] = {key: context.overrides[key] for key in SOURCE_SECTIONS if key in context.overrides}
    if stage.reads_data:
        data = exported_files(_given(context.data_dir, "--data"), context.settings.limits)
        inputs["data"] = export_digest(data)
    return inputs


def _given(folder: Path | None, option: str) -> Path:
    if folder is None:
        raise InputError(expected=f"{option} FOLDER", found="none")
    if not folder.is_dir():
        hint = "It is a file: give the folder it lies in" if folder.is_file() else "It does not exist"
        raise InputError(expected=f"a folder for {option}", found=str(folder), hint=hint)
    return folder


def run_stage(name: str, context: StageContext, *, force: bool = False) -> bool:
    """Run one stage unless its outputs are current; say which.

    Returns
    -------
    bool
        Whether it ran.
    """
    stage = stage_named(name)
    inputs = stage_inputs(stage, context)
    if not force and context.workspace.is_current(name, inputs) and _is_stored(stage, context):
        say(f"{name}: nothing changed")
        return False
    say(f"{name} …")
    with interruptible(name):
        module = _module_of(stage)
        with context.workspace.writing(name, inputs) as out:
            module.run(context, out)
    return True


def _is_stored(stage: Stage, context: StageContext) -> bool:
    if not stage.writes_outside:
        return True
    return cast("StoringModule", _module_of(stage)).is_stored(context)


def _is_interruption(error: BaseException | None) -> bool:
    """Whether an error is, or comes from, the user's Ctrl-C; libraries wrap it in a RuntimeError."""
    if error is None or isinstance(error, KeyboardInterrupt):
        return error is not None
    return str(error) == "Query interrupted" or _is_interruption(error.__cause__ or error.__context__)


@contextmanager
def interruptible(name: str) -> Iterator[None]:
    """Say of an interrupted block that nothing was lost."""
    try:
        yield
    except (KeyboardInterrupt, RuntimeError) as stopped:
        if not _is_interruption(stopped):
            raise
        say(f"{name} was interrupted and left nothing half-written; run the same command again to go on")
        raise KeyboardInterrupt from stopped


def make_context(
    *, source_dir: Path, data_dir: Path, out: Path, params_file: Path | None, overrides: Mapping[str, Any]
) -> StageContext:
    """Read source and settings and hold them with the folders.

    Raises
    ------
    InputError
        If the source folder or a setting is broken.
    """
    source = read_source(_given(source_dir, "--source"), overrides)
    settings = read_settings(params_file, source_defaults={"split": source.spec.split}, overrides=overrides)
    return StageContext(Workspace(out), settings, source_dir, data_dir, overrides)


def run_all(context: StageContext, names: Sequence[str] = RUN_STAGES) -> None:
    """Run stages in order; those whose outputs are current are skipped, so an interrupted run goes on."""
    with context.workspace.locked():
        for name in names:
            run_stage(name, context)
