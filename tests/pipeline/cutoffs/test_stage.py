"""Stage ``cutoffs``: as many leads as today's points, or as many as asked; blind to the test period and to outcomes."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from features.labelling.snapshots import open_snapshots
from features.time_units import DAY_US, to_micros
from models.cutoffs.counting import period_weeks
from models.cutoffs.cutoffs import Cutoffs
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.policies.knobs import Capacity, DealValue
from models.cutoffs.policies.promised_precision import best_promise
from models.cutoffs.policy_options import BandOptions
from models.rules.sales_veto import DAYS_SINCE_EVENT, VETO
from models.scoring.score_rows import score_rows
from pipeline.cutoffs import stage as cutoffs
from pipeline.features.stage import write_features
from pipeline.outputs.baseline import read_baseline
from pipeline.outputs.feature_rows import read_features, read_first_looks, volume_rows
from pipeline.outputs.ingested_tables import read_leads, read_observed_until, read_stages, table_files
from pipeline.outputs.looks_file import Looks
from pipeline.outputs.model_files import read_forecast
from pipeline.replay.deciding_columns import decisions
from pipeline.replay.nightly_looks import calibration_looks
from pipeline.runner.stages import StageContext, run_stage
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import CutoffOptions


def read(context: StageContext) -> Cutoffs:
    return Cutoffs.model_validate_json((context.folder("cutoffs") / "cutoffs.json").read_text())


def look(context: StageContext) -> Looks:
    train, history = context.folder("train"), read_features(context, "history")
    forward, final = read_forecast(train / "forward"), read_forecast(train / "model")
    return calibration_looks(context, history, read_baseline(context), forward, target="sql", final=final)


def count_nightly(context: StageContext, *, mql: float, column: str) -> tuple[int, float]:
    """Run the job night after night, with a list of names already given, and count new names of the last weeks."""
    spec, stages, leads = context.spec(), read_stages(context), read_leads(context)
    first, baseline = read_first_looks(context, "sql"), read_baseline(context)
    weeks = min(8.0, (first.test_from_us - first.calibration_from_us) // DAY_US / 7)
    sql_at = stages[stages["stage"].isin(["SQL", "WON"])].groupby("lead_id")["entered_us"].min().to_dict()
    nights = [first.test_from_us - back * DAY_US for back in range(150, 0, -1)]
    opened = pd.concat([open_snapshots(leads, stages, spec, as_of_us=night) for night in nights], ignore_index=True)
    opened = opened[[sql_at.get(lead, at + 1) > at for lead, at in opened.to_numpy()]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.parquet"
        write_features(table_files(context), opened, spec, context.settings.features, file)
        rows = pd.read_parquet(file)
    forecast = read_forecast(context.folder("train") / "model")  # it scores from here on
    score = forecast.predict(rows)["p_sql"] if column == "p" else baseline.score(rows, "sql")
    passing = rows[~baseline.excluded(rows) & (np.asarray(score) >= mql)]
    given: set[str] = set()
    new = 0
    for night, tonight in passing.groupby("as_of"):
        names = set(tonight["lead_id"]) - given
        given |= names
        new += len(names) if night.value // 1000 >= first.test_from_us - weeks * 7 * DAY_US else 0
    return new, weeks


def test_the_job_gives_what_was_promised(judged_by_points: StageContext) -> None:
    chosen = read(judged_by_points)
    by_model, weeks = count_nightly(judged_by_points, mql=chosen.mql, column="p")
    by_points, _ = count_nightly(judged_by_points, mql=20, column="points")
    assert chosen.weeks == pytest.approx(weeks)
    assert by_points > 10
    assert chosen.mql_volume.got_per_week * weeks == pytest.approx(by_model)
    assert chosen.mql_volume.asked_per_week * weeks == pytest.approx(by_points)
    assert by_model == pytest.approx(by_points, abs=2)
    assert chosen.mql <= chosen.sal
    assert (chosen.baseline.mql, chosen.baseline.sal, chosen.policy) == (20, 26, "same_volume_as_points")


def test_a_number_a_week_is_met(judged_by_points: StageContext) -> None:
    looks, baseline = look(judged_by_points), read_baseline(judged_by_points)
    options = CutoffOptions(policy="per_week", mql_per_week=3, sal_per_week=1)
    chosen = cutoffs.decide(looks, baseline, target="sql", options=options)
    # A tree gives many leads one probability, so the promise is kept to within a tie.
    assert chosen.mql_volume.got_per_week == pytest.approx(3, abs=0.5)
    assert chosen.sal_volume.got_per_week <= chosen.mql_volume.got_per_week
    assert chosen.version != read(judged_by_points).version


def test_without_rules_the_best_quarter_and_tenth(judged_by_naive_bayes: StageContext) -> None:
    chosen, looks = read(judged_by_naive_bayes), look(judged_by_naive_bayes)
    leads = int((looks.rows.groupby("lead_id")["as_of_us"].min() >= looks.counting.from_us).sum())
    assert (chosen.policy, chosen.baseline.kind) == ("default_share", "naive_bayes")
    assert chosen.mql_volume.asked_per_week * chosen.weeks == pytest.approx(round(leads / 4))
    assert chosen.sal_volume.asked_per_week * chosen.weeks == pytest.approx(round(leads / 10))
    assert chosen.baseline.mql_per_week == pytest.approx(chosen.mql_volume.asked_per_week, rel=0.1)
    assert {file.name for file in judged_by_naive_bayes.folder("cutoffs").glob("naive_bayes_*")} == {
        "naive_bayes_close.json",
        "naive_bayes_sql.json",
    }


def test_where_each_lead_has_one_look_the_looks_are_the_rows_of_the_period(
    judged_by_points: StageContext, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    file = out / "ingest" / "spec.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "snapshots": {"anchor": "created", "after": "1d"}}))
    once = replace(judged_by_points, workspace=Workspace(out))
    looks, rows = look(once), volume_rows(once, read_features(once, "history"), target="sql")
    keys = ["lead_id", "as_of_us"]
    pd.testing.assert_frame_equal(looks.rows[keys], rows[keys])
    assert looks.every is None
    assert looks.counted.all()
    assert looks.counting.weeks == period_weeks(rows["as_of_us"])


def test_what_happens_from_the_test_on_matters_nothing(judged_by_points: StageContext, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    test_from = pd.Timestamp(read_first_looks(judged_by_points, "sql").test_from_us, unit="us", tz="UTC")
    events, stages = (pd.read_parquet(out / "ingest" / f"{name}.parquet") for name in ("events", "stages"))
    stages[stages["entered_at"] < test_from].to_parquet(out / "ingest" / "stages.parquet", index=False)
    more = events[events["occurred_at"] >= test_from]
    pd.concat([events, more, more]).to_parquet(out / "ingest" / "events.parquet", index=False)
    (tmp_path / "again").mkdir()
    cutoffs.run(replace(judged_by_points, workspace=Workspace(out)), tmp_path / "again")
    before = (judged_by_points.folder("cutoffs") / "cutoffs.json").read_bytes()
    assert (tmp_path / "again" / "cutoffs.json").read_bytes() == before


def test_neither_the_test_period_nor_any_outcome_is_looked_at(judged_by_points: StageContext, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    labels = pd.read_parquet(out / "labels" / "labels.parquet")
    test_from = labels.loc[(labels["target"] == "sql") & (labels["part"] == "test"), "as_of"].min()
    labels["y"] = labels["y"].where(labels["y"].isna(), 0).astype("Int8")
    labels.to_parquet(out / "labels" / "labels.parquet", index=False)
    history = pd.read_parquet(out / "features" / "history.parquet")
    later = (history["as_of"] >= test_from).to_numpy()
    for column in history.columns.drop(["lead_id", "as_of"]):
        values = history[column].to_numpy(copy=True)
        values[later] = np.random.default_rng(1).permutation(values[later])
        history[column] = values
    history.to_parquet(out / "features" / "history.parquet", index=False)
    changed = replace(judged_by_points, workspace=Workspace(out))
    (tmp_path / "again").mkdir()
    cutoffs.run(changed, tmp_path / "again")
    before = (judged_by_points.folder("cutoffs") / "cutoffs.json").read_bytes()
    assert (tmp_path / "again" / "cutoffs.json").read_bytes() == before


def test_each_stage_says_what_was_asked_and_what_the_next_quarter_gives(judged_by_points: StageContext) -> None:
    looks, baseline = look(judged_by_points), read_baseline(judged_by_points)
    people = Capacity(people=0.4, hours_a_week=40, share_for_leads=0.5, minutes_a_lead=60, weeks_off=0)  # 8 a week
    value = DealValue(deal=5_000, handover=100)
    possible = best_promise(BandEvidence.of(looks.rows, looks.counting, "SAL"), confidence=0.8)
    assert possible is not None
    options = CutoffOptions(
        mql=BandOptions(policy="capacity", capacity=people, value=value),
        sal=BandOptions(policy="promised_precision", promise=possible.share),
        confidence=0.8,
    )
    chosen = cutoffs.decide(looks, baseline, target="sql", options=options)
    assert chosen.policy == "by_stage"
    mql, sal = chosen.mql_statement, chosen.sal_statement
    assert mql is not None
    assert sal is not None
    assert mql.asked == "what 0.4 people can work, 8 leads a week"
    assert chosen.mql_volume.asked_per_week == pytest.approx(8)
    quarter = mql.next_quarter
    assert (quarter.weeks, quarter.confidence) == (13, 0.8)
    assert quarter.leads_per_week.low < chosen.mql_volume.got_per_week < quarter.leads_per_week.high
    assert quarter.value_per_week is not None
    assert sal.promise is not None
    assert sal.promise.won > possible.share * sal.promise.leads
    assert chosen.sal_volume.asked_per_week is None
    assert sal.forward >= max(mql.forward, sal.promise.threshold)
    assert chosen.sal >= chosen.mql
    assert Cutoffs.model_validate_json(chosen.model_dump_json()) == chosen
    assert chosen.with_version() == chosen


def test_a_promise_that_cannot_be_kept_stops_the_stage_and_leaves_the_old_cut_offs(
    judged_by_points: StageContext, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    options = CutoffOptions(mql=BandOptions(policy="promised_precision", promise=0.99))
    settings = judged_by_points.settings.model_copy(update={"cutoffs": options})
    asked = replace(judged_by_points, workspace=Workspace(out), settings=settings)
    before = read(asked)
    with pytest.raises(InputError, match="best promise is") as refused:
        run_stage("cutoffs", asked)
    assert refused.value.column == "cutoffs.mql.promise"
    assert read(asked) == before


def test_whom_sales_rejected_is_counted_as_the_job_promotes(judged_by_points: StageContext, tmp_path: Path) -> None:
    """A lead that is handed back is excluded from that night on, in counting and in scoring alike, until it acts."""
    out = tmp_path / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    vetoing = replace(judged_by_points, workspace=Workspace(out))
    stages = pd.read_parquet(out / "ingest" / "stages.parquet")
    leads = read_leads(vetoing)
    until = read_observed_until(vetoing)
    given_back = leads[leads["created_us"] > until - 20 * DAY_US].head(5)["lead_id"].tolist()
    at = pd.to_datetime([until - DAY_US // 2] * len(given_back), unit="us", utc=True).as_unit("us")
    back = pd.DataFrame({"lead_id": given_back, "stage": "RECYCLED", "entered_at": at})
    pd.concat([stages, back.reindex(columns=stages.columns)]).to_parquet(out / "ingest" / "stages.parquet", index=False)
    spec = vetoing.spec()
    rows = open_snapshots(leads, read_stages(vetoing), spec, as_of_us=until)
    write_features(table_files(vetoing), rows, spec, vetoing.settings.features, out / "rows.parquet")
    X = pd.read_parquet(out / "rows.parquet")
    X = X.assign(as_of_us=to_micros(X["as_of"])).set_index(X["lead_id"].rename(None))
    baseline, forecast = read_baseline(vetoing), read_forecast(out / "train" / "model")
    quiet = [lead for lead in given_back if lead in X.index and not X.loc[lead, DAYS_SINCE_EVENT] < 0.5]
    assert quiet
    counted = decisions(X, baseline, forecast, "sql").set_index("lead_id")["excluded"]
    low = read(vetoing).model_copy(update={"mql": 0.0, "sal": 0.0})
    scores = score_rows(X, X[["lead_id", "as_of"]], forecast=forecast, cutoffs=low, rules=baseline.rules)
    scores = scores.set_index("lead_id")
    for lead in quiet:
        assert counted[lead]
        assert scores.loc[lead, "band"] == scores.loc[lead, "points_band"] == "none"
        assert scores.loc[lead, "exclusions"][-1] == {"name": VETO}
    assert (scores["excluded"] == counted[scores.index]).all()
    without = replace(baseline, veto=None)
    assert decisions(X, without, forecast, "sql")["excluded"].sum() < counted.sum()
