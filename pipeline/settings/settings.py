"""All knobs in one frozen tree: defaults, then ``params.yaml``, then the source's own, then ``--set``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from features.errors import InputError
from features.labelling.time_split import SplitOptions
from features.source_spec import FeatureOptions
from features.strict import Strict
from features.time_units import DAY_US, Duration
from models.bands import Band, PerBand
from models.brakes.options import BrakeOptions
from models.cutoffs.policies.registry import POLICIES, AskedPolicy
from models.cutoffs.policy_options import BandOptions
from models.estimator.options import EstimatorOptions
from models.monitoring.gaming_options import GamingOptions
from pipeline.settings.controller import Controller, Retention
from pipeline.settings.limits import LimitOptions
from pipeline.settings.simulate_options import SimulateOptions
from pipeline.settings.yaml_trees import MOST_DEEP, merged, parse_yaml, read_yaml


class IngestOptions(Strict):
    """How much may be wrong with an export before it is refused."""

    max_reject_share: float = Field(default=0.01, ge=0, le=1)


class CutoffOptions(Strict):
    """How the MQL and SAL cut-offs are chosen: one policy for both, or one for each."""

    policy: AskedPolicy = "same_volume_as_points"
    mql_per_week: float | None = Field(default=None, gt=0, le=1e6)
    sal_per_week: float | None = Field(default=None, gt=0, le=1e6)
    mql: BandOptions = BandOptions()
    sal: BandOptions = BandOptions()
    confidence: float = Field(default=0.9, ge=0.5, lt=1)
    """Of promises, and of what is stated of the next quarter."""
    veto: Duration = Field(default=90 * DAY_US, ge=0)
    """How long a lead that sales rejected is not promoted again unless it does something; 0 is not at all."""

    @model_validator(mode="after")
    def _complete(self) -> CutoffOptions:
        both = PerBand.by(self.band)
        needs = both.map(lambda options: POLICIES[str(options.policy)].needs)
        for band, knob in needs.items():
            options = both.of(band)
            if knob is not None and getattr(options, knob) is None:
                where = f"{band.lower()}{'_' if knob in FLAT_KNOBS else '.'}{knob}"
                raise ValueError(f"policy {options.policy} needs cutoffs.{where}")
        if needs == PerBand("per_week", "per_week") and (both.sal.per_week or 0) > (both.mql.per_week or 0):
            raise ValueError("cutoffs.sal_per_week must not exceed cutoffs.mql_per_week")
        return self

    def band(self, band: Band) -> BandOptions:
        """Return the options of one band, with what holds for both where it has none of its own."""
        band_options, flat = PerBand((self.mql, self.mql_per_week), (self.sal, self.sal_per_week)).of(band)
        per_week = band_options.per_week if band_options.per_week is not None else flat
        return band_options.model_copy(update={"policy": band_options.policy or self.policy, "per_week": per_week})


FLAT_KNOBS = ("per_week",)
"""Knobs that may stand beside the bands, as ``mql_per_week``."""


class EvaluateOptions(Strict):
    """Effort spent on intervals and pictures."""

    bootstrap: int = Field(default=500, ge=50)
    shap_rows: int = Field(default=2_000, ge=10)
    look_leads: int = Field(default=2_000, ge=10)
    """Test leads that are looked at as often as the job looks; more are sampled."""


class ScoreOptions(Strict):
    """Where scores go and how much is said about each."""

    store: str | None = None
    """SQLAlchemy URL of the score store; None is a SQLite file beside the outputs."""
    takes_over: bool = False
    """Whether a run may take the place of the list of another source or another ``--out`` in the same store."""
    sinks: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Further places that scores go to, by name; each has settings of its own (`pipeline.score.sinks`)."""
    every: Duration = Field(default=DAY_US, gt=0)
    """Rhythm at which the job looks at all open leads: volumes are counted at it."""
    reasons: int = Field(default=7, ge=1)
    explore_share: float = Field(default=0.0, ge=0, le=0.5)
    """Share of the leads below the cut-off that are handed over by a logged draw, to learn from; 0 is none."""
    chunk_rows: int = Field(default=5_000, ge=1)
    """Rows that a store takes at a time; scores are computed in blocks of their own."""

    @model_validator(mode="after")
    def _one_store(self) -> ScoreOptions:
        if "store" in self.sinks:
            raise ValueError("score.sinks is for further places; the score store is score.store")
        return self


class MonitorOptions(Strict):
    """When the monitor raises an alarm."""

    gaming: GamingOptions = GamingOptions()
    exit_on: tuple[str, ...] = ("gaming", "drift", "calibration", "idle", "waiting", "promise")
    """Checks whose alarm gives exit code 1; ``leadscore monitor`` refuses a name that is not one of its checks."""
    idle_after: Duration = Field(default=30 * DAY_US, gt=0)
    """Without event or change of stage for longer, an open lead is idle."""
    most_idle_share: float = Field(default=0.5, gt=0, le=1)
    """More idle leads at a stage of the ladder, for sure, is an alarm."""


class EngineOptions(Strict):
    """Where features are built and leads are scored; results agree, so it makes no stage stale."""

    name: Literal["duckdb", "spark"] = "duckdb"
    """This machine, or a Spark cluster."""
    master: str | None = None
    """Address of the cluster; None is ``SPARK_MASTER``, else what spark-submit or Spark's own settings say."""
    spark: dict[str, str] = Field(default_factory=dict)
    """Options of Spark, as ``executor.memory``: with and without ``spark.`` in front, nested or not."""
    partition_rows: int = Field(default=2_000_000, ge=1)
    """About so many facts a task that builds features."""
    scored_rows: int = Field(default=50_000, ge=1)
    """About so many open leads a task that scores."""

    @field_validator("spark", mode="before")
    @classmethod
    def _by_full_name(cls, value: Any) -> Any:
        return _full_names(value) if isinstance(value, Mapping) else value


def _full_names(tree: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Return options of Spark by their full names, however deep they are nested.

    Examples
    --------
    >>> _full_names({"executor": {"memory": "4g", "cores": 2}, "spark.ui.enabled": False})
    {'spark.executor.memory': '4g', 'spark.executor.cores': '2', 'spark.ui.enabled': 'false'}
    """
    names: dict[str, str] = {}
    for key, value in tree.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping):
            names |= _full_names(value, name)
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            names["spark." + name.removeprefix("spark.")] = text
    return names


class MlflowOptions(Strict):
    """Where runs are logged; None is a SQLite file beside the outputs."""

    tracking_uri: str | None = None
    experiment: str = "leadscore"


Team = Literal["marketing", "sales"]


class ReceiptOptions(Strict):
    """What a model has to show and who has to agree before it becomes champion."""

    approvals: tuple[Team, ...] = ("marketing", "sales")
    """Who signs; sales always last. Empty: nobody is asked."""
    min_outcomes: int = Field(default=20, ge=1)
    """Test leads with the outcome, and leads handed over, below which nothing counts as proven."""
    minutes_a_call: float | None = Field(default=None, gt=0)
    """What a lead that is handed over costs sales; None leaves hours out."""

    @model_validator(mode="after")
    def _each_once(self) -> ReceiptOptions:
        if len(set(self.approvals)) != len(self.approvals):
            raise ValueError("receipt.approvals names a team twice")
        return self


class Settings(Strict):
    """Every knob of a run.

    Most sections are named as the stage they steer; ``split`` steers ``labels``, ``model`` steers ``train`` and
    ``mlflow`` steers ``register``. ``engine`` says where ``features`` and ``score`` run, and ``limits`` how much of an
    export is read at all.
    """

    seed: int = 7
    simulate: SimulateOptions = SimulateOptions()
    ingest: IngestOptions = IngestOptions()
    features: FeatureOptions = FeatureOptions()
    split: SplitOptions = SplitOptions()
    model: EstimatorOptions = EstimatorOptions()
    cutoffs: CutoffOptions = CutoffOptions()
    evaluate: EvaluateOptions = EvaluateOptions()
    receipt: ReceiptOptions = ReceiptOptions()
    score: ScoreOptions = ScoreOptions()
    engine: EngineOptions = EngineOptions()
    mlflow: MlflowOptions = MlflowOptions()
    monitor: MonitorOptions = MonitorOptions()
    limits: LimitOptions = LimitOptions()
    brakes: BrakeOptions = BrakeOptions()
    controller: Controller = Controller()
    retention: Retention = Retention()
    telling: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Who is told what, by name; each channel has settings of its own (`pipeline.telling`)."""


SOURCE_SECTIONS = ("targets", "snapshots", "sales_events", "follow_up", "observed_until")
"""Keys of ``source.yaml`` that ``--set`` may override as well."""


def parse_overrides(assignments: Sequence[str]) -> dict[str, Any]:
    """Turn ``["split.test_share=0.2"]`` into ``{"split": {"test_share": 0.2}}``; values are read as YAML.

    Raises
    ------
    InputError
        If an assignment has no ``=``.

    Examples
    --------
    >>> parse_overrides(["split.test_share=0.2", "snapshots.after=7d"])
    {'split': {'test_share': 0.2}, 'snapshots': {'after': '7d'}}
    """
    tree: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path or path.count(".") > MOST_DEEP:
            raise InputError(expected="--set NAME.KEY=VALUE", found=f"--set {assignment[:100]!r}")
        tree = merged(tree, _nested(path.split("."), _yaml_value(assignment, text)))
    return tree


def _nested(path: Sequence[str], value: Any) -> dict[str, Any]:
    head, *rest = path
    return {head: _nested(rest, value) if rest else value}


def _yaml_value(assignment: str, text: str) -> Any:
    try:
        return parse_yaml(text, "--set")
    except InputError as error:
        found = f"--set {assignment[:100]!r} ({error.found})"
        raise InputError(expected="a value in YAML", found=found) from None


def validation_message(error: ValidationError) -> str:
    """Return the first thing that is wrong, as ``section.key: message``."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "there is no such setting" + _did_you_mean([str(part) for part in first["loc"]])
    elif first["type"] in ("model_type", "model_attributes_type"):
        message = f"expected keys below {where}, such as {where}.KEY=VALUE, found {first['input']!r}"
    return f"{where}: {message}" if where else message


def _did_you_mean(path: list[str]) -> str:
    """Return the nearest knob beside the one that is not there."""
    model: type[BaseModel] = Settings
    for part in path[:-1]:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ""
        model = inner
    near = get_close_matches(path[-1], model.model_fields, n=1)
    return f"; did you mean {'.'.join([*path[:-1], near[0]])}?" if near else ""


def read_settings(
    params_file: Path | None,
    *,
    source_defaults: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the knobs.

    Parameters
    ----------
    params_file : Path or None
        ``params.yaml``; None takes the defaults.
    source_defaults : mapping, optional
        Sections that the source folder sets for itself (``split``).
    overrides : mapping, optional
        From ``--set``; keys that belong to ``source.yaml`` are left to the source reader.

    Raises
    ------
    InputError
        If a key is unknown or a value is out of range.
    """
    tree: dict[str, Any] = {}
    if params_file is not None:
        tree = read_yaml(params_file)
    tree = merged(tree, source_defaults or {})
    tree = merged(tree, {k: v for k, v in (overrides or {}).items() if k not in SOURCE_SECTIONS})
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise InputError(
            expected="settings as in params.yaml", found=validation_message(error), table=str(params_file or "--set")
        ) from None
