"""Model, cut-offs and rules that requests are scored with, all of one decision, read again when another is in force."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from features.errors import InputError
from features.kernel.one_lead import LeadCoder
from features.language.languages import Words
from models.cutoffs.cutoffs import Cutoffs
from models.decision.decision_files import ScoringParts, SignedDecision, require_same_points
from models.decision.other_in_force import other_in_force
from models.forecast.forecast import Forecast
from models.rules.points import PointsRules
from models.scoring.run_about import DEFAULT_REASONS, RunAbout, VerdictAbout
from models.scoring.wording import ScoreWording
from serve.reading.model_folder import read_model_texts
from serve.reading.served_champion import ServedChampion
from serve.reading.stage_outputs import Made, MixedRunsError, StageOutputs


@dataclass(frozen=True)
class Loaded:
    """What a request is scored with; all from one decision."""

    forecast: Forecast
    cutoffs: Cutoffs
    rules: PointsRules | None
    model_version: str
    top_reasons: int
    """As many as the nightly scores of the run have."""
    wording: ScoreWording
    verdict: VerdictAbout | None = None
    champion: str | None = None
    """The decision that all of it is from; None where it is what was trained last."""

    @cached_property
    def coder(self) -> LeadCoder:
        """What codes a lead's facts by the words of the model's source."""
        return LeadCoder(self.forecast.spec)


class ServedModel:
    """What leads are scored with: the champion where there is one, else the model that was trained last.

    The champion's files are one decision, and are replaced together. Those of the last training are the model, the
    cut-offs that were set with it and the rules they were set beside.

    Parameters
    ----------
    out : Path
        Read: ``champion``, or ``train/model``, ``cutoffs/cutoffs.json``, ``ingest/rules.json``.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._trained = StageOutputs(out, ("train", "cutoffs"), self._read_trained, nightly=("ingest",))
        self._champion = ServedChampion(out)
        self._loaded: tuple[tuple[object, int], Loaded] | None = None
        self._broken: tuple[Loaded, str] | None = None

    def current(self) -> Loaded:
        """Return what is in force.

        Raises
        ------
        InputError
            If there is nothing yet, or its files are damaged.
        """
        decision = self._champion.current()
        source: SignedDecision | Made[ScoringParts] = self._trained.current() if decision is None else decision
        reasons = self._top_reasons()
        if self._loaded is None or self._loaded[0][0] is not source or self._loaded[0][1] != reasons:
            parts = source.parts if isinstance(source, SignedDecision) else source.value
            champion = None if decision is None else decision.version
            self._loaded = ((source, reasons), _loaded(parts, reasons, champion))
        return self._loaded[1]

    def other_in_force(self, version: str) -> Words | None:
        """Return what is in force, where that is not what was trained last, whose cut-offs have this version."""
        decision, step = self._champion.current(), self._champion.step
        return None if decision is None or step is None else other_in_force(step, decision.parts.cutoffs, version)

    def newer(self) -> str | None:
        """Return why a newer model, newer cut-offs or newer rules are not in use yet; None where the newest are."""
        return self._trained.newer() if self._champion.version is None else None

    def mark_broken(self, loaded: Loaded, why: str) -> None:
        """Remember that a model was read but could not score; a model that replaces it starts with a clean sheet."""
        self._broken = (loaded, why)

    def broken(self, loaded: Loaded) -> str | None:
        """Return why a model could not score when it was tried, or None."""
        broken = self._broken
        return broken[1] if broken is not None and broken[0] is loaded else None

    def _read_trained(self) -> ScoringParts:
        files = read_model_texts(self._out / "train" / "model")
        cutoffs = Cutoffs.read((self._out / "cutoffs" / "cutoffs.json").read_text(encoding="utf-8"))
        rules_file = self._out / "ingest" / "rules.json"
        rules = rules_file.read_text(encoding="utf-8") if rules_file.is_file() else None
        parts = ScoringParts(files, cutoffs, rules, verdict=None)
        try:
            require_same_points(cutoffs, parts.rules)
        except InputError as error:
            raise MixedRunsError(
                expected=f"rules of the run whose cut-offs lie in {self._out}", found=error.found, hint=error.hint
            ) from None
        return parts

    def _top_reasons(self) -> int:
        """Return what the nightly job last used; before its first run, its default."""
        file = self._out / "score" / "score.json"
        if not file.is_file():
            return DEFAULT_REASONS
        return RunAbout.model_validate_json(file.read_text(encoding="utf-8")).top_reasons


def _loaded(parts: ScoringParts, reasons: int, champion: str | None) -> Loaded:
    return Loaded(
        parts.forecast,
        parts.cutoffs,
        parts.rules,
        parts.model_version,
        reasons,
        ScoreWording.of(parts.forecast, parts.rules),
        parts.verdict,
        champion,
    )
