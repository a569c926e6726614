"""``leadscore replay``: a past score is rebuilt and held against the stored one and against today's facts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pyarrow as pa

from features.errors import InputError
from features.language.dates import date_time
from features.time_units import format_time
from models.decision.decision_files import ScoringParts
from pipeline.history.decisions import read_kept_decision
from pipeline.history.folder import HistoryFolder
from pipeline.history.kept_run import KeptRun
from pipeline.outputs.forgotten import read_marks
from pipeline.rebuild.comparison import COLUMNS, Difference, differences
from pipeline.rebuild.rebuilt import context_of_then, scores_of_kept_rows, scores_of_then, settings_of
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace
from pipeline.score.sinks.lead_scores import read_plain_score
from pipeline.settings.settings import Settings

Source = Literal["facts", "feature_rows"]


@dataclass(frozen=True)
class Replayed:
    """A score that was rebuilt.

    Attributes
    ----------
    lead_id, run_id, model_version, cutoff_version : str
    as_of : str
        ISO 8601, UTC.
    columns : int
        That were compared.
    through : {"facts", "feature_rows"}
        Whether features were computed from facts, or are those that were kept: so where people were forgotten since,
        whose facts had counted for others.
    differences : tuple of Difference
        Between the stored score and the rebuilt one; none where they are identical.
    today : tuple of Difference or None
        Between the stored score and what the facts on record today give for the same moment; None where the lead is no
        longer on record.
    """

    lead_id: str
    run_id: str
    model_version: str
    cutoff_version: str
    as_of: str
    columns: int
    through: Source
    differences: tuple[Difference, ...]
    today: tuple[Difference, ...] | None

    def to_json(self) -> str:
        """Return all of it for machines."""
        said = "differs" if self.differences else "identical"
        return json.dumps({"answer": said} | asdict(self), indent=1, ensure_ascii=False)

    def to_text(self) -> str:
        """Return all of it for people."""
        moment = date_time(datetime.fromisoformat(self.as_of), "en")
        lines = [f"{self.lead_id}: score of run {self.run_id}, as of {moment}"]
        by = f"model {self.model_version}, cut-offs {self.cutoff_version}, the rules and the facts as known then"
        if self.differences:
            lines += [f"differs from what {by} give:", *(part.to_text() for part in self.differences)]
        else:
            lines.append(f"identical: {by} give the same in all {self.columns} columns")
        if self.through == "feature_rows":
            lines.append(
                "By the feature rows that were kept: the facts give others, since people were forgotten who had "
                "counted for this lead's company or campaign."
            )
        if self.today is None:
            lines.append("The lead is no longer on record: today's facts give no score.")
        elif self.today:
            lines += [
                "The facts on record today would have given for that moment:",
                *(part.to_text() for part in self.today),
            ]
        else:
            lines.append("The facts on record today give the same for that moment.")
        return "\n".join(lines)


def replayed(out: Path, lead_id: str, settings: Settings, *, at_us: int | None = None) -> Replayed:
    """Rebuild the score of a lead that was in force at some time; what is stored is not changed.

    Parameters
    ----------
    out : Path
        With ``history``.
    lead_id : str
    settings : Settings
        Say where the store is.
    at_us : int, optional
        In microseconds since 1970 UTC; None is now.

    Raises
    ------
    InputError
        If there was no score then, or what it takes is no longer kept.
    """
    at = None if at_us is None else datetime.fromisoformat(format_time(at_us))
    row = read_plain_score(settings.score.store, out, lead_id, at=at)
    history = HistoryFolder(out)
    folder = history.run(row["run_id"])
    if folder is None:
        raise InputError(
            expected=f"what is kept of run {row['run_id']} in {history.folder}", found="nothing",
            hint="Runs are kept from this version on, until 'leadscore prune' drops them",
        )  # fmt: skip
    parts = read_kept_decision(history.decisions, folder.run.decision)
    through: Source = "facts"
    with TemporaryDirectory(prefix="leadscore-replay-") as scratch:
        then = context_of_then(history, folder, Path(scratch))
        rebuilt = _row(then, parts, folder.run, lead_id)
        if rebuilt is not None and differences(row, rebuilt) and read_marks(out).marks:
            through = "feature_rows"
            rebuilt = _first(scores_of_kept_rows(then, parts, folder, [lead_id]))
    today = _row(StageContext(Workspace(out), settings_of(folder.run), None, None, {}), parts, folder.run, lead_id)
    if rebuilt is None:
        raise InputError(expected=f"facts about {lead_id} in {folder.path}", found="none", table="history")
    return Replayed(
        lead_id,
        row["run_id"],
        row["model_version"],
        row["cutoff_version"],
        row["as_of"].isoformat(),
        len(COLUMNS),
        through,
        differences(row, rebuilt),
        None if today is None else differences(row, today),
    )


def _row(context: StageContext, parts: ScoringParts, run: KeptRun, lead_id: str) -> dict[str, Any] | None:
    """Return the score of a lead from the facts of a context; None where they do not hold it, or not as open then."""
    if not context.has("ingest"):
        return None
    return _first(scores_of_then(context, parts, run, [lead_id]))


def _first(scores: pa.Table) -> dict[str, Any] | None:
    rows: list[dict[str, Any]] = scores.to_pylist()
    return rows[0] if rows else None
