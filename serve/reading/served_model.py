"""Model, cut-offs and rules of the run that is served, read again when a new run has replaced them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from features.errors import InputError
from features.kernel.one_lead import LeadCoder
from models.cutoffs.cutoffs import BaselineCutoffs, Cutoffs
from models.forecast.forecast import Forecast
from models.forecast.saved_form import from_files
from models.rules.points import PointsRules
from models.scoring.run_about import DEFAULT_REASONS, RunAbout
from models.scoring.score_rows import model_version
from models.scoring.wording import ScoreWording
from serve.reading.stage_outputs import MixedRunsError, StageOutputs


@dataclass(frozen=True)
class Loaded:
    """What a request is scored with; all from one run."""

    forecast: Forecast
    cutoffs: Cutoffs
    rules: PointsRules | None
    model_version: str
    top_reasons: int
    """As many as the nightly scores of the run have."""
    wording: ScoreWording

    @cached_property
    def coder(self) -> LeadCoder:
        """What codes a lead's facts by the words of the model's source."""
        return LeadCoder(self.forecast.spec)


class ServedModel:
    """The model in a run's output folder, with the cut-offs that were set with it and the rules they were set beside.

    Parameters
    ----------
    out : Path
        Read: ``train/model``, ``cutoffs/cutoffs.json``, ``ingest/rules.json``.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._outputs = StageOutputs(out, ("train", "cutoffs"), self._read, nightly=("ingest",))
        self._broken: tuple[Loaded, str] | None = None

    def current(self) -> Loaded:
        """Return the newest model whose cut-offs and rules lie there too.

        Raises
        ------
        InputError
            If there is none yet, or its files are damaged.
        """
        return self._outputs.current().value

    def newer(self) -> str | None:
        """Return why a newer model, newer cut-offs or newer rules are not in use yet; None where the newest are."""
        return self._outputs.newer()

    def mark_broken(self, loaded: Loaded, why: str) -> None:
        """Remember that a model was read but could not score; a model that replaces it starts with a clean sheet."""
        self._broken = (loaded, why)

    def broken(self, loaded: Loaded) -> str | None:
        """Return why a model could not score when it was tried, or None."""
        broken = self._broken
        return broken[1] if broken is not None and broken[0] is loaded else None

    def _read(self) -> Loaded:
        files = {file.name: file.read_bytes().decode("utf-8") for file in (self._out / "train" / "model").iterdir()}
        text = (self._out / "cutoffs" / "cutoffs.json").read_text(encoding="utf-8")
        rules_file = self._out / "ingest" / "rules.json"
        try:
            cutoffs = Cutoffs.model_validate_json(text)
            rules = PointsRules.model_validate_json(rules_file.read_bytes()) if rules_file.is_file() else None
        except ValidationError as error:
            first_line = str(error).splitlines()[0]
            raise InputError(expected="cut-offs and rules of this version of leadscore", found=first_line) from None
        self._require_same_points(cutoffs.baseline, rules)
        forecast = from_files(files)
        wording = ScoreWording.of(forecast, rules)
        return Loaded(forecast, cutoffs, rules, model_version(files), self._top_reasons(), wording)

    def _require_same_points(self, baseline: BaselineCutoffs, rules: PointsRules | None) -> None:
        """Hold the rules against the points that the cut-offs were set beside; the nightly job may ingest others."""
        points = None if rules is None else (rules.cutoffs.MQL, rules.cutoffs.SAL)
        beside = (baseline.mql, baseline.sal) if baseline.kind == "points" else None
        if points != beside:
            raise MixedRunsError(
                expected=f"rules of the run whose cut-offs lie in {self._out}",
                found="other cut-offs of points than those",
                hint="Run 'leadscore run': model and points are compared anew then",
            )

    def _top_reasons(self) -> int:
        """Return what the nightly job last used; before its first run, its default."""
        file = self._out / "score" / "score.json"
        if not file.is_file():
            return DEFAULT_REASONS
        return RunAbout.model_validate_json(file.read_text(encoding="utf-8")).top_reasons
