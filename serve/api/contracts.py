"""What goes in and out of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Required

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from models.bands import BandOrNone
from models.scoring.groups import Group
from models.scoring.run_about import BeforeAbout
from models.scoring.score_columns import MEANING
from models.scoring.trend import LEAST_POINTS, Trend
from serve.reading.score_store import StoredRun

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _moment(value: datetime) -> datetime:
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if not EARLIEST <= utc < LATEST:
        raise ValueError(f"expected a time between {EARLIEST.year} and {LATEST.year}, found {value.isoformat()}")
    return utc


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("expected text without NUL characters")
    return text


Moment = Annotated[datetime, AfterValidator(_moment)]
"""ISO 8601; without a zone it is UTC."""
EventMoment = Annotated[datetime, Field(ge=EARLIEST, lt=LATEST)]
"""The same as it was given: of hundreds, each is checked without a call of Python."""
EventType = Annotated[str, StringConstraints(min_length=1, max_length=500)]
"""One of those that the source declares."""
Text = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_without_nul)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_without_nul)]
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Value = bool | Number | Text | None


class Contract(BaseModel):
    """A message: unknown fields are errors, so that a misspelt fact is not taken for an absent one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EventFact(TypedDict, total=False):
    """Something that happened: a dict, since of hundreds of objects making them costs more than checking them."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    occurred_at: Required[EventMoment]
    event_type: Required[EventType]
    actor: Literal["lead", "marketing", "sales"] | None
    """Who did it; None takes what the source says about events of this type."""
    detail: Text | None
    quantity: Number | None
    user_agent: Text | None
    """Who asked for the page; with ``ip`` it tells machines from people where the source declares ``machines``."""
    ip: Text | None


class ChangeFact(Contract):
    """A field of the lead as it stood from a moment on."""

    changed_at: Moment
    field: Name
    value: Value


class StageFact(Contract):
    """A stage the lead entered."""

    stage: Name
    entered_at: Moment
    reason: Text | None = None


class ScoreRequest(Contract):
    """The raw facts of one lead, as the source's tables hold them."""

    created_at: Moment
    lead_id: Name | None = None
    """If the run's history knows this lead, the facts given here stand in place of those."""
    account_id: Name | None = None
    attributes: dict[str, Value] = {}
    """Fit columns of the source, as known from the lead's creation."""
    events: tuple[EventFact, ...] = ()
    changes: tuple[ChangeFact, ...] = ()
    stages: tuple[StageFact, ...] = ()
    as_of: Moment | None = None
    """The moment of the forecast; facts after it are not used. None is now."""


class WordsOut(BaseModel):
    """A text in German and English."""

    de: str
    en: str


CAUTION: Any = Field(default=None, description="Why to use scores with care; null if the model beats the baseline")
FitGrade = Literal["A", "B", "C", "D"]
BehaviourGrade = Literal["1", "2", "3", "4"]


class ActOut(BaseModel):
    """Something the lead did lately."""

    act: str
    """The event family."""
    days: float
    """Days before ``as_of`` when it was done last."""
    times: int
    """How often in the last ``within`` days."""
    within: int


class ReasonOut(WordsOut):
    """A reason: above 0 it speaks for the outcome."""

    family: str
    subject: str
    log_odds: float
    percentage_points: float
    value: bool | float | str | None
    acts: list[ActOut] | None = None
    """The latest acts that the reason is about, the last one first; null where it is about none."""


class PointsReasonOut(WordsOut):
    """A points rule that gave or took points."""

    points: float


class ExclusionOut(WordsOut):
    """Why a lead is never promoted."""

    name: str


class GateOut(WordsOut):
    """What must still hold before a lead can be SAL."""

    column: str


class ChangePartOut(WordsOut):
    """Where the score stood in the run before, or by how much one cause moved it since."""

    part: Literal[
        "earlier", "corrected_facts", "time_passing", "new_behaviour", "new_model", "new_cutoffs", "not_split"
    ]
    log_odds: float
    percentage_points: float
    band: BandOrNone = Field(description="After this step")


class CurvePointOut(BaseModel):
    """How likely each target is to be reached within some days; null beyond the target's horizon."""

    days: float = Field(description="After as_of")
    p_sql: float | None = None
    p_close: float | None = None


def _column(name: str) -> Any:
    """Return a field that says what the score's column of this name is declared to mean."""
    return Field(description=MEANING[name])


def _later_column(name: str) -> Any:
    """Return the same for a column that a later version added: older stores may lack it."""
    return Field(default=None, description=MEANING[name])


class ScoreOut(BaseModel):
    """One score: the columns that `models.scoring.score_columns` declares, which a test holds this to."""

    lead_id: str | None = _column("lead_id")
    as_of: datetime = _column("as_of")
    p_sql: float | None = _column("p_sql")
    p_close: float | None = _column("p_close")
    band: BandOrNone = _column("band")
    group: Group = _column("counted_as")
    stage: str | None = _column("stage")
    reached: bool = _column("reached")
    excluded: bool = _column("excluded")
    exclusions: list[ExclusionOut] = _column("exclusions")
    gates_missing: list[GateOut] = _column("gates_missing")
    points: float | None = _column("points")
    points_band: BandOrNone | None = _column("points_band")
    points_reasons: list[PointsReasonOut] = _column("points_reasons")
    fit_grade: str | None = _column("fit_grade")
    behaviour_grade: str | None = _column("behaviour_grade")
    reasons: list[ReasonOut] = _column("reasons")
    curve: list[CurvePointOut] | None = _later_column("curve")
    expected_days_sql: float | None = _later_column("expected_days_sql")
    expected_days_close: float | None = _later_column("expected_days_close")
    model_version: str = _column("model_version")
    cutoff_version: str = _column("cutoff_version")
    scored_at: datetime = _column("scored_at")


class StoredScoreOut(ScoreOut):
    """A score out of the store."""

    run_id: str = _column("run_id")
    sequence: int = Field(description="The number of that run: numbers are counted on, whatever a clock says")
    handed_over_by: Literal["cutoff", "exploration"] | None = _later_column("handed_over_by")
    handover_probability: float | None = _later_column("handover_probability")
    change: list[ChangePartOut] | None = _later_column("change")
    joined: Literal["list", "band"] | None = _later_column("joined")
    trend: Trend | None = Field(
        default=None,
        description=f"Whether the probability moved by {LEAST_POINTS:g} percentage point or more since the run before; "
        "null where there is nothing to compare it with",
    )


class InForce(BaseModel):
    """Which run everybody reads at the moment of the answer."""

    run_id: str | None = Field(description="The run in force; null where there is none")
    sequence: int | None = Field(description="Its number: the highest that was not undone is in force")
    before: BeforeAbout | None = Field(default=None, description="The run that changes and who is new are beside")


class CurrentScoreOut(StoredScoreOut):
    """A lead's score in the run in force, or in the last one before that had the lead."""

    caution: WordsOut | None = CAUTION


class OnlineScoreOut(ScoreOut):
    """A score computed for this request."""

    caution: WordsOut | None = CAUTION
    notes: list[WordsOut] = Field(description="What to keep in mind about this forecast")


class LeadsOut(InForce):
    """Open leads by priority, all out of one run."""

    caution: WordsOut | None = CAUTION
    decision: WordsOut | None = Field(None, description="Which decision scored, since when, and who signed it")
    total: int = Field(description="All open leads")
    matching: int = Field(description="Those that fit group, search and grades, on all pages together")
    counts: dict[Group, int] = Field(description="Those that fit search and grades, by group; each lead counts once")
    leads: list[StoredScoreOut]


class HistoryOut(InForce):
    """A lead's scores, newest run first."""

    caution: WordsOut | None = CAUTION
    lead_id: str
    scores: list[StoredScoreOut]


class HealthOut(BaseModel):
    """Whether the server can answer."""

    status: Literal["ok", "degraded"]
    model: str | None = Field(description="'ok', or what is wrong; only with a key", default=None)
    store: str | None = Field(description="'ok', or what is wrong; only with a key", default=None)
    model_version: str | None = None
    cutoff_version: str | None = None
    champion: str | None = Field(description="The decision in force, or null before the first", default=None)
    newer: str | None = Field(
        description="Why newer outputs are not served yet, or null where the newest are; only with a key", default=None
    )
    last_run: StoredRun | None = None


class Problem(BaseModel):
    """What is wrong with a request."""

    where: str | None
    message: str


class ProblemsOut(BaseModel):
    """Everything found wrong with a request."""

    detail: list[Problem]
