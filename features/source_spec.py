"""What a company says about its leads in ``source.yaml``: ladder, targets, snapshots, columns, events, exclusions.

Nothing about one company is written anywhere else in the code.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from features.joined_people import Dedupe
from features.language.languages import Words
from features.machine_rules import MachineRules
from features.source_columns import EventFamily, FitColumn
from features.source_files import FileSpec
from features.strict import Strict
from features.time_units import DAY_US, Duration, Instant, parse_duration
from features.unknown_times import UnknownTimes

TargetName = Literal["sql", "close"]
TARGETS: tuple[TargetName, ...] = get_args(TargetName)
"""The outcomes that a source may forecast, the nearer first. A third one is also a migration of the score store."""


class Target(Strict):
    """An outcome to forecast: ``stage`` (or one above it) entered within ``horizon`` of the as-of time."""

    stage: str
    horizon: Duration
    words: Words | None = None


ACCEPTED = "SAL"
"""The rung at which sales accepts a lead, where a ladder has it."""


class Rung(Strict):
    """A rung of the ladder that says itself whether sales has the leads that stand there."""

    stage: str
    with_sales: bool


def _form_of_rung(entry: Any) -> str:
    """Tell a rung from a plain name, so that an error in one is told as an error in that one."""
    return "rung" if isinstance(entry, (dict, Rung)) else "name"


RungOrName = Annotated[Annotated[str, Tag("name")] | Annotated[Rung, Tag("rung")], Discriminator(_form_of_rung)]


class Snapshots(Strict):
    """When a lead is looked at.

    The first snapshot is ``after`` the anchor; with ``every`` there are more, up to ``until`` after the anchor.
    A lead is looked at only while it is open (neither lost nor at the top of the ladder).
    """

    anchor: str = "created"
    """``created``, or ``stage:NAME`` for the first time that stage was entered."""
    after: Duration = 0
    every: Duration | None = None
    until: Duration | None = None

    @model_validator(mode="after")
    def _complete(self) -> Snapshots:
        if self.every is not None and self.every <= 0:
            raise ValueError("snapshots.every must be longer than 0")
        if self.every is not None and self.until is None:
            raise ValueError("snapshots.every needs snapshots.until, the age after which a lead is no longer scored")
        if self.until is not None and self.until < self.after:
            raise ValueError("snapshots.until must not come before snapshots.after")
        return self


class Condition(Strict):
    """A test on one feature column; all the parts that are given must hold. A missing value meets only ``missing``."""

    column: str
    in_: tuple[str | bool | float, ...] | None = Field(default=None, alias="in")
    at_least: float | None = None
    below: float | None = None
    missing: bool | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if self.in_ is None and self.at_least is None and self.below is None and self.missing is None:
            raise ValueError(f"the condition on {self.column} needs one of: in, at_least, below, missing")
        return self


class Exclusion(Strict):
    """Leads that are never promoted, whatever their probability (students, private people, competitors)."""

    name: str
    when: tuple[Condition, ...] = Field(min_length=1)
    words: Words | None = None


class MonitorSpec(Strict):
    """By what the monitor divides the leads."""

    by: tuple[str, ...] | None = None
    """Columns that volume and conversion are watched by: campaign, channel, form; None takes those with source_rate."""
    last_act: bool = True
    """Whether to watch by the last act before the entry too: the form or page that brought the lead in."""


class SourceSpec(Strict):
    """All that ``source.yaml`` says."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Words
    rungs: tuple[RungOrName, ...] = Field(default=("MQL", "SRL", ACCEPTED, "SQL", "WON"), alias="ladder")
    """The ladder as ``source.yaml`` writes it, lowest rung first: names, or rungs that say who has the lead."""
    lost: tuple[str, ...] = ("LOST",)
    recycled: tuple[str, ...] = ("RECYCLED",)
    targets: dict[TargetName, Target] = Field(min_length=1)
    snapshots: Snapshots = Snapshots()
    fit: dict[str, FitColumn] = Field(default_factory=dict)
    events: dict[str, EventFamily] = Field(default_factory=dict)
    sales_events: bool = False
    """Whether what sales did may enter the model. It never counts as the lead's interest."""
    who_acted: Literal["detail"] | None = None
    """The column of events that says who of the staff acted. Only numbers of people are used, never who it was."""
    exclusions: tuple[Exclusion, ...] = ()
    machines: MachineRules | None = None
    """How acts of machines are told from those of people; without it every act counts as one of a person."""
    show: tuple[str, ...] = ()
    """Columns of ``leads.sql`` kept for people to see (names, phone numbers); no feature and no rule reads them."""
    follow_up: Literal["everyone", "promoted_only"] = "everyone"
    """Whom sales works: with ``promoted_only`` a lead that was never handed over says nothing about its outcome."""
    observed_until: Instant | None = None
    """Until when outcomes are in the export; None means the newest time in any table."""
    dedupe: Dedupe | None = None
    """By which columns of the leads people are found who are several leads; None joins nobody."""
    unknown_times: UnknownTimes | None = None
    """Which times the export lacks: when leads were won, or all of them; no horizon is named then."""
    timezone: str = "UTC"
    """Where times without a zone are local times: ``Europe/Berlin``."""
    files: dict[str, FileSpec] = Field(default_factory=dict)
    """Files of the export that cannot be read as they are, by name."""
    monitor: MonitorSpec = MonitorSpec()
    split: dict[str, Any] = Field(default_factory=dict)
    """Defaults of this source for ``split.*`` in the settings."""

    @model_validator(mode="after")
    def _coherent(self) -> SourceSpec:
        stages = (*self.ladder, *self.lost, *self.recycled)
        if len(set(stages)) != len(stages):
            raise ValueError("a stage is named twice in ladder, lost and recycled")
        for name, target in self.targets.items():
            if target.stage not in self.ladder:
                raise ValueError(f"targets.{name}.stage {target.stage!r} is not on the ladder {list(self.ladder)}")
        anchor = self.snapshots.anchor
        if anchor != "created" and anchor.removeprefix("stage:") not in stages:
            raise ValueError(f"snapshots.anchor must be 'created' or 'stage:NAME' with a known stage, found {anchor!r}")
        family_of: dict[str, str] = {}
        for family, declared in self.events.items():
            for event_type in declared.all_types:
                if event_type in family_of:
                    raise ValueError(
                        f"event type {event_type!r} stands in families {family_of[event_type]!r} and {family!r}"
                    )
                family_of[event_type] = family
        if self.who_acted is not None and not self.sales_events:
            raise ValueError("who_acted needs sales_events: true, or what staff did may not enter the model")
        return self

    @model_validator(mode="after")
    def _watches_declared_events(self) -> SourceSpec:
        rules = self.machines or MachineRules()
        declared = {name for family in self.events.values() for name in family.all_types}
        unknown = next((name for name in (*rules.clicks, *rules.opens, *rules.sent) if name not in declared), None)
        if unknown is not None:
            raise ValueError(f"machines names {unknown!r}, which stands in no family of events")
        return self

    @model_validator(mode="after")
    def _shows_what_no_feature_reads(self) -> SourceSpec:
        both = next((name for name in self.show if name in self.fit or name == "lead_id"), None)
        if both is not None:
            raise ValueError(f"show names {both!r}, which is read already: what is shown stands under show alone")
        return self

    @model_validator(mode="after")
    def _stays_with_sales(self) -> SourceSpec:
        above = self.stages_reaching(self.stages_with_sales[0]) if self.stages_with_sales else ()
        left = next((stage for stage in above if stage not in self.stages_with_sales), None)
        if left is not None:
            raise ValueError(
                f"ladder: {left!r} says with_sales: false, but a rung below it is with sales; a lead that sales has "
                "stays with sales until it is lost or recycled"
            )
        return self

    @model_validator(mode="after")
    def _watches_what_stands(self) -> SourceSpec:
        for column in self.monitor.by or ():
            if column not in self.fit or self.fit[column].known != "created":
                raise ValueError(f"monitor.by names {column!r}, which is no fit column that is known from creation")
        return self

    def target(self, name: str) -> Target:
        """Return a target by name.

        Raises
        ------
        KeyError
            If the source has no such target.
        """
        return {str(key): target for key, target in self.targets.items()}[name]

    def horizon_days(self, name: str) -> float | None:
        """Return within how many days a target is to be reached; None where the export does not say when it was."""
        return None if self.unknown_times is not None else self.target(name).horizon / DAY_US

    @property
    def primary_target(self) -> TargetName:
        """The target that cut-offs work on: ``sql`` where there is one."""
        return "sql" if "sql" in self.targets else "close"

    @property
    def watched_columns(self) -> tuple[str, ...]:
        """Fit columns that the monitor divides the leads by."""
        rated = tuple(name for name, column in self.fit.items() if column.source_rate)
        return rated if self.monitor.by is None else self.monitor.by

    @property
    def ladder(self) -> tuple[str, ...]:
        """The names of the rungs, lowest first."""
        return tuple(rung if isinstance(rung, str) else rung.stage for rung in self.rungs)

    @property
    def stages_with_sales(self) -> tuple[str, ...]:
        """The rungs at which sales has the lead.

        A rung says so itself (``{stage: SRL, with_sales: true}``). One that says nothing is with sales from SAL on,
        and above a rung that says it is. Without either, no rung is: a lead is marketing's until the target is reached.
        """
        names, has_lead, accepted = [], False, False
        for name, rung in zip(self.ladder, self.rungs, strict=True):
            accepted = accepted or name == ACCEPTED
            has_lead = rung.with_sales if isinstance(rung, Rung) else has_lead or accepted
            names += [name] if has_lead else []
        return tuple(names)

    @property
    def accepted_stages(self) -> tuple[str, ...]:
        """The rungs that sales alone decides on: SAL and above; on a ladder without SAL, those that are with sales.

        A rung before acceptance may be with sales and still follow by rule, from points or a form.
        """
        return self.stages_reaching(ACCEPTED) if ACCEPTED in self.ladder else self.stages_with_sales

    @property
    def closed_stages(self) -> tuple[str, ...]:
        """Stages that end a lead's story: the top of the ladder, and lost."""
        return (self.ladder[-1], *self.lost)

    def stages_reaching(self, stage: str) -> tuple[str, ...]:
        """Return ``stage`` and every rung above it: who is there has reached it."""
        return self.ladder[self.ladder.index(stage) :]

    def model_families(self) -> dict[str, EventFamily]:
        """Return the event families that may enter the model."""
        return {name: f for name, f in self.events.items() if f.actor != "sales" or self.sales_events}


class FeatureOptions(Strict):
    """Windows and half-lives of the behaviour features."""

    windows: tuple[Duration, ...] = tuple(parse_duration(text) for text in ("1d", "7d", "30d", "90d"))
    half_lives: tuple[Duration, ...] = tuple(parse_duration(text) for text in ("7d", "30d"))
    session_gap: Duration = parse_duration("30m")
