"""What goes in and out of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

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
Text = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_without_nul)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_without_nul)]
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Value = bool | Number | Text | None


class Contract(BaseModel):
    """A message: unknown fields are errors, so that a misspelt fact is not taken for an absent one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EventFact(Contract):
    """Something that happened."""

    occurred_at: Moment
    event_type: Name
    actor: Literal["lead", "marketing", "sales"] | None = None
    """Who did it; None takes what the source says about events of this type."""
    detail: Text | None = None
    quantity: Number | None = None


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
Group = Literal["SAL", "MQL", "none", "excluded", "with_sales", "reached"]


class ReasonOut(WordsOut):
    """A reason: above 0 it speaks for the outcome."""

    family: str
    subject: str
    log_odds: float
    percentage_points: float
    value: bool | float | str | None


class PointsReasonOut(WordsOut):
    """A points rule that gave or took points."""

    points: float


class ExclusionOut(WordsOut):
    """Why a lead is never promoted."""

    name: str


class GateOut(WordsOut):
    """What must still hold before a lead can be SAL."""

    column: str


class CurvePointOut(BaseModel):
    """How likely each target is to be reached within some days; null beyond the target's horizon."""

    days: float = Field(description="After as_of")
    p_sql: float | None = None
    p_close: float | None = None


class ScoreOut(BaseModel):
    """One score."""

    lead_id: str | None
    as_of: datetime
    p_sql: float | None = Field(description="Probability of the target sql within its horizon")
    p_close: float | None = Field(description="Probability of the target close within its horizon")
    band: Literal["none", "MQL", "SAL"] = Field(description="What probability, exclusions and gates alone say")
    group: Group = Field(description="What the lead is counted as; with_sales: it stands at SAL or above")
    stage: str | None
    reached: bool = Field(description="The target of the cut-offs lies behind the lead already")
    excluded: bool
    exclusions: list[ExclusionOut]
    gates_missing: list[GateOut]
    points: float | None
    points_band: Literal["none", "MQL", "SAL"] | None
    points_reasons: list[PointsReasonOut]
    fit_grade: str | None = Field(description="A (best quarter) to D: who the lead is")
    behaviour_grade: str | None = Field(description="1 (best quarter) to 4: what the lead does")
    reasons: list[ReasonOut] = Field(description="Strongest first; 'other' sums what is not named")
    curve: list[CurvePointOut] | None = Field(
        default=None, description="Rises to p_sql and p_close at their horizons; null in scores of older versions"
    )
    expected_days_sql: float | None = Field(
        default=None, description="Mean days to SQL, given that it is reached within its horizon; 0 if it is reached"
    )
    expected_days_close: float | None = Field(default=None, description="The same for the close")
    model_version: str
    cutoff_version: str
    scored_at: datetime


class StoredScoreOut(ScoreOut):
    """A score out of the store."""

    run_id: str
    handed_over_by: Literal["cutoff", "exploration"] | None = Field(
        default=None,
        description="cutoff: MQL or SAL; exploration: by a random draw below the cut-off, to learn from",
    )
    handover_probability: float | None = Field(
        default=None, description="1 at the cut-off, the chance of the draw below it; null if it can never be drawn"
    )


class CurrentScoreOut(StoredScoreOut):
    """A lead's newest score out of the store."""

    caution: WordsOut | None = CAUTION


class OnlineScoreOut(ScoreOut):
    """A score computed for this request."""

    caution: WordsOut | None = CAUTION
    notes: list[WordsOut] = Field(description="What to keep in mind about this forecast")


class LeadsOut(BaseModel):
    """Open leads by priority."""

    caution: WordsOut | None = CAUTION
    total: int = Field(description="All open leads")
    matching: int = Field(description="Those that fit group, search and grades, on all pages together")
    counts: dict[Group, int] = Field(description="Those that fit search and grades, by group; each lead counts once")
    leads: list[StoredScoreOut]


class HistoryOut(BaseModel):
    """A lead's scores, newest first."""

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
    last_run: dict[str, Any] | None = None


class Problem(BaseModel):
    """What is wrong with a request."""

    where: str | None
    message: str


class ProblemsOut(BaseModel):
    """Everything found wrong with a request."""

    detail: list[Problem]
