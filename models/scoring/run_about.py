"""What a run says of its scores: all that a page needs to word them.

It is stored as JSON with every run, so old stores hold what old versions said. What such a run does not say has its
meaning here, as a default, and nowhere else.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from features.language.languages import Words
from features.language.sentences import words
from features.source_spec import TargetName
from features.unknown_times import UnknownTimes
from models.bands import BandOrNone
from models.scoring.score_columns import probability_of
from models.scoring.signatures import day_words, signed_words, teams_words

DEFAULT_REASONS = 5


class _Said(BaseModel):
    """Nothing changes after it is read; what a newer version says besides is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class TargetAbout(_Said):
    """An outcome that the run forecasts.

    Attributes
    ----------
    stage : str
        The stage that is to be reached.
    horizon_days : float or None
        Within how many days; None where the export does not say when leads got there.
    words : Words or None
        What the source calls it, where it says.
    """

    stage: str
    horizon_days: float | None
    words: Words | None


class CutoffsAbout(_Said):
    """From which probability of which target a lead is MQL and SAL."""

    target: TargetName
    mql: float
    sal: float


class PointsCutoffsAbout(_Said):
    """From how many points a lead is MQL and SAL by today's rules."""

    mql: float
    sal: float


class VerdictAbout(_Said):
    """Whether the evaluation showed the model to beat the baseline, and on how many test leads and outcomes."""

    beats_baseline: bool
    baseline: str
    leads: int
    outcomes: int


class LaneAbout(_Said):
    """The random share of leads below the cut-off that is handed over to learn from.

    Attributes
    ----------
    share : float
        ``score.explore_share``.
    chance : float
        Of a lead at one of its looks.
    took_part, drawn : int
        Leads.
    """

    share: float
    chance: float
    took_part: int
    drawn: int


class DecisionAbout(_Said):
    """Which decision a run scored with, and why that one.

    Attributes
    ----------
    state : str
        ``champion``, or why the model trained last scored: its receipt is ``waiting`` for signatures, ``refused``,
        ``not_earned``, ``approved`` but not published yet, or there is none (``no_receipt``).
    version : str or None
        Of the champion.
    since : str or None
        From when the champion has been in force: ISO 8601, UTC.
    signed_by : tuple of str
        Names, in the order of their signatures.
    waiting_for : tuple of str
        Teams that have not signed yet.
    """

    state: Literal["champion", "waiting", "refused", "not_earned", "approved", "no_receipt"]
    version: str | None = None
    since: str | None = None
    signed_by: tuple[str, ...] = ()
    waiting_for: tuple[str, ...] = ()

    def words(self, *, with_version: bool = True) -> Words:
        """Return it in one sentence; the version, which is for experts, may be left out."""
        since = "" if self.since is None else day_words(self.since)
        names, teams = signed_words(self.signed_by), teams_words(self.waiting_for)
        if self.state == "champion" and not with_version:
            return words("decision.in_force", since=since, names=names)
        return words(f"decision.{self.state}", version=self.version or "", since=since, names=names, teams=teams)


class BeforeAbout(_Said):
    """The run that the changes of a run are beside: the one that was in force when it was stored.

    Attributes
    ----------
    run_id : str
    observed_until : str
        Until when that run had data: ISO 8601, UTC.
    """

    run_id: str
    observed_until: str


class RunAbout(_Said):
    """What a run says of its scores, as it is stored with the run and stands in ``score.json``.

    Attributes
    ----------
    source : str
    top_reasons : int
        Reasons that each score has at most, beside the rest. Runs that do not say had `DEFAULT_REASONS`.
    title : Words
        Of the source.
    observed_until : str
        Until when there are data: ISO 8601, UTC.
    targets : dict
        By the target's name.
    cutoffs : CutoffsAbout
    points_cutoffs : PointsCutoffsAbout or None
        None where the source has no rules.
    averages : dict of str to (float or None)
        Mean probability over the open leads that have not reached the target of the cut-offs, by column (``p_sql``);
        None where there is no such lead.
    leads : int
        Open leads that were scored; `bands`, `excluded`, `with_sales` and `reached` add up to them.
    bands : dict
        Leads that are still to be promoted, by band.
    excluded, with_sales, reached : int
        Leads excluded by rule, with sales, at the target of the cut-offs already. Runs that do not say
        ``with_sales`` counted nobody so.
    verdict : VerdictAbout or None
        None: the run's model was not checked, as in runs that do not say.
    lane : LaneAbout or None
        None: nobody was drawn.
    decision : DecisionAbout or None
        None: the model trained last, as in runs that do not say.
    unknown_times : {"won", "all"} or None
        Which times the export lacks.
    before : BeforeAbout or None
        None: there was no run before, as in runs that do not say.
    timezone : str
        Of the company, by whose clocks people are told times; UTC in runs that do not say.
    """

    source: str
    top_reasons: int = DEFAULT_REASONS
    title: Words
    observed_until: str
    targets: dict[TargetName, TargetAbout]
    cutoffs: CutoffsAbout
    points_cutoffs: PointsCutoffsAbout | None
    averages: dict[str, float | None]
    leads: int
    bands: dict[BandOrNone, int]
    excluded: int
    with_sales: int = 0
    reached: int
    verdict: VerdictAbout | None = None
    lane: LaneAbout | None = None
    decision: DecisionAbout | None = None
    unknown_times: UnknownTimes | None = None
    before: BeforeAbout | None = None
    timezone: str = "UTC"

    @property
    def goal(self) -> TargetAbout:
        """The target that the cut-offs work on."""
        return self.targets[self.cutoffs.target]

    @property
    def probability(self) -> str:
        """The column that the cut-offs work on."""
        return probability_of(self.cutoffs.target)

    @property
    def average(self) -> float | None:
        """Mean of that column over the open leads that have not reached the target; None where there is none."""
        return self.averages.get(self.probability)
