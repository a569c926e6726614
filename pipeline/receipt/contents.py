"""What a receipt says, as types: the comparison at the team's working depth, the verdict, and what it all rests on.

`Measured` is what is worked out of a run, `Receipt` the same with the words for people. The JSON of a receipt has the
fields of these classes as its keys; what cannot be computed is null.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Generic, Literal, TypeVar

from pydantic import ConfigDict, JsonValue, model_validator

from features.strict import Strict
from features.unknown_times import UnknownTimes
from models.bands import Band, PerBand
from models.evaluation.depth_verdict import Outcome
from models.measures.bootstrap import Interval
from pipeline.receipt.compare_at_depth import Scorer
from pipeline.settings.settings import Team

BaselineKind = Literal["points", "naive_bayes"]
DIGITS = 4

T = TypeVar("T")


def rounded(value: float) -> float:
    """Round, so that the last digit of a float decides no hash; there is no negative zero.

    Examples
    --------
    >>> rounded(0.123456), rounded(-0.00001)
    (0.1235, 0.0)
    """
    return round(value, DIGITS) + 0.0


def rounded_or_none(value: float) -> float | None:
    """Round a number; None for what is no number."""
    return rounded(value) if math.isfinite(value) else None


class Written(Strict):
    """A part of a receipt: no key more, none less, and nothing of another type."""

    model_config = ConfigDict(strict=True)


class Estimate(Written):
    """A number with its 95 % interval; None where it cannot be computed."""

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, interval: Interval, *, times: float = 1.0) -> Estimate:
        """Write down an interval, multiplied by a number."""
        value, low, high = (rounded_or_none(bound * times) for bound in (interval.value, interval.low, interval.high))
        return cls(value=value, low=low, high=high)


class Figures(Written, Generic[T]):
    """What one scorer hands over and finds, see `models.evaluation.working_depth`."""

    handed_over: T
    found: T
    """Handed over, and reached the target within its horizon after."""
    missed: T
    """Reached the target, and are not among those found."""
    wasted: T
    """Handed over and not found."""
    deals_found: T | None = None
    """Left out where the target is the deal or there is none."""
    deals_missed: T | None = None

    def items(self) -> Iterator[tuple[str, T]]:
        """Go through the figures that there are, by name."""
        return ((name, getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set)


class BandFigures(Written):
    """All scorers at one cut-off: ``MQL`` or ``SAL``."""

    leads_a_week: Mapping[Scorer, float]
    """Of all leads, each scorer at its own cut-off."""
    at_depth: Mapping[Scorer, Figures[Estimate]]
    """In leads, where all hand over as many as the baseline in the same weeks."""
    difference: Mapping[Scorer, Figures[Estimate]]
    """By the other scorer: the model less that one at equal depth, paired."""
    a_week: Mapping[Scorer, Figures[float | None]]
    """The values of ``at_depth`` as a number a week of all leads."""
    at_cutoffs: Mapping[Scorer, Figures[Estimate]]
    """In leads, each scorer at its own cut-off, set before the test."""


class FiguresPerBand(Written):
    """The comparison at both cut-offs."""

    MQL: BandFigures
    SAL: BandFigures

    def of(self, band: Band) -> BandFigures:
        """Return the comparison at one cut-off."""
        return PerBand(self.MQL, self.SAL).of(band)


class SourceTitle(Written):
    """Whose leads these are."""

    name: str
    title: str


class DealTarget(Written):
    """What counts as a deal."""

    stage: str
    horizon_days: float | None
    """None where the export does not say when leads got there."""


class TestSetup(Written):
    """What was asked: target, period, rhythm of the looks, share of the leads looked at."""

    __test__ = False  # no test class, whatever its name begins with

    target: Literal["sql", "close"]
    stage: str
    """The stage that the target stands for."""
    goal: str
    """The same in words."""
    horizon_days: float | None
    """None where the export does not say when leads got there."""
    deal: DealTarget | None
    """None where the target is the deal or the source has none."""
    unknown_times: UnknownTimes | None = None
    """Which times the export lacks."""
    first_day: str
    """Of the looks of the test period, as ``last_day``: ``2026-01-31``."""
    last_day: str
    weeks: float
    """Between the two, at least 1."""
    counted_weeks: float
    """Weeks whose volumes are counted."""
    every: str | None
    """Rhythm of the looks; None where each lead has one look."""
    share_looked_at: float
    """Of the leads, above 0 up to 1."""
    observed_until: str
    """ISO 8601, UTC."""


class LeadCounts(Written):
    """Leads of the test period: who was looked at, what became of them, and who was left out."""

    test: int
    looked_at: int
    sampled_out: int
    """Not drawn into the sample."""
    already_there: int
    """Had reached the target before the first look."""
    too_young_or_closed: int
    """Their outcome is not known yet, or they were closed before the first look."""
    excluded: int
    """Of those looked at: excluded by rule, never handed over."""
    reached: int
    """Of those looked at: reached the target."""
    deals: int
    deals_too_young: int


class MeasuredVerdict(Written):
    """Whether the model wins at the working depth, see `models.evaluation.depth_verdict`."""

    outcome: Outcome
    rule: str
    depth: Band
    """The cut-off that decides."""
    gained: Estimate
    """Outcomes that the model finds more than the baseline at the deciding depth."""
    gained_a_month: Estimate
    """The same a month, of all leads."""
    behind: tuple[tuple[Band, Scorer], ...]
    """Where the model was shown to find fewer."""
    enough: bool
    """Whether there are outcomes and hand-overs enough to judge at all."""
    min_outcomes: int
    learned: bool
    """Whether the model tells leads apart; False where every lead gets the base rate."""
    missing_outcomes: int
    """So many more the model needs to learn from."""


class VerdictInWords(MeasuredVerdict):
    """The verdict with what it means for the two teams."""

    sentence: str
    missing: tuple[str, ...]
    """What stands between the model and ``champion``, approvals left aside."""
    next: tuple[str, ...]
    """What to do next, the most useful first."""


class ProbabilityProof(Written):
    """The verdict of the evaluation on the order of leads and on percentages."""

    beats_baseline: bool
    rule: str


class FollowUpDeclared(Written):
    """Whom sales works, and what that leaves unknown."""

    declared: Literal["everyone", "promoted_only"]
    warning: str | None


class StageHashes(Written):
    """SHA-256 of the outputs of each stage that a receipt rests on."""

    ingest: str
    features: str
    labels: str
    train: str
    cutoffs: str
    evaluate: str

    def items(self) -> Iterator[tuple[str, str]]:
        """Go through stage and hash, in the order of a run."""
        return ((stage, getattr(self, stage)) for stage in type(self).model_fields)


class CodeVersion(Written):
    """Which leadscore made the receipt."""

    version: str
    sha256: str


class RestsOn(Written):
    """What a receipt speaks of: model, cut-offs, outputs, code and settings."""

    model_sha256: str
    """Of the model's manifest."""
    cutoffs_version: str
    outputs_sha256: StageHashes
    code: CodeVersion
    settings: Mapping[str, JsonValue]
    """Those that bear on the figures, by section."""


class Measured(Written):
    """All of a receipt that is worked out of the run."""

    source: SourceTitle
    asked: TestSetup
    leads: LeadCounts
    baseline: BaselineKind
    """Whose cut-offs set the depth."""
    depths: FiguresPerBand
    verdict: MeasuredVerdict
    probabilities: ProbabilityProof
    follow_up: FollowUpDeclared
    leaks: tuple[str, ...]
    """Columns of the model that look like a leak, each with the reason."""
    approvals_required: tuple[Team, ...]
    """Who signs, in order."""
    minutes_a_call: float | None
    """What a hand-over costs sales; None leaves hours out."""
    rests_on: RestsOn

    @model_validator(mode="after")
    def _every_table_is_whole(self) -> Measured:
        """Hold each table against who takes part: the model, the baseline and naive Bayes."""
        scorers = {"model", "naive_bayes", self.baseline}
        for band in (self.depths.MQL, self.depths.SAL):
            tables = (band.leads_a_week, band.at_depth, band.a_week, band.at_cutoffs)
            for named in ({"model", *band.difference}, *(set(table) for table in tables)):
                if named != scorers:
                    raise ValueError(f"expected figures of {sorted(scorers)}, found those of {sorted(named)}")
        return self

    def handed_over(self, band: Band) -> float:
        """Return how many of the leads looked at the baseline hands over."""
        return self.depths.of(band).at_depth[self.baseline].handed_over.value or 0.0


class Receipt(Measured):
    """A receipt: what was measured, and the same in words."""

    verdict: VerdictInWords
    cautions: tuple[str, ...]
    """What the figures cannot tell."""

    def tree(self) -> dict[str, Any]:
        """Return the receipt as JSON values: what is hashed and written. Figures that there are not are left out."""
        return self.model_dump(mode="json", exclude_unset=True)
