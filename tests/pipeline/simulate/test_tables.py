"""What the simulated company exports, and how the truth behind it stands to what came to pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from features.labelling.snapshots import history_snapshots
from features.time_units import from_micros, to_micros
from pipeline.simulate.tables import EXPORT_SCHEMAS, TRUTH_SCHEMA

if TYPE_CHECKING:
    from conftest import Company

DAY = pd.Timedelta("1D")


def test_export_has_the_agreed_columns_order_and_period(company: Company) -> None:
    for name, schema in EXPORT_SCHEMAS.items():
        file = company.folder / "export" / f"{name}.parquet"
        assert pq.read_schema(file).equals(schema)
    assert pq.read_schema(company.folder / "truth" / "truth.parquet").equals(TRUTH_SCHEMA)
    assert company.leads["lead_id"].is_unique
    assert company.leads["lead_id"].is_monotonic_increasing
    first, last = (from_micros(pd.Series([us]))[0] for us in (company.options.first_day, company.options.last_day))
    assert company.leads["created_at"].between(first, last, inclusive="left").all()
    created = company.leads.set_index("lead_id")["created_at"]
    for frame, time in (
        (company.events, "occurred_at"),
        (company.stages, "entered_at"),
        (company.changes, "changed_at"),
    ):
        assert (frame[time] >= frame["lead_id"].map(created)).all()
        assert (frame[time] <= last).all()
        order = frame.sort_values(["lead_id", time], kind="stable")
        assert order.index.equals(frame.index)


def test_every_event_type_is_declared_with_its_actor_and_every_stage_is_on_the_ladder(company: Company) -> None:
    actor = {event: family.actor for family in company.spec.events.values() for event in family.types}
    seen = company.events[["event_type", "actor"]].drop_duplicates()
    assert dict(seen.itertuples(index=False)) == actor
    stages = {*company.spec.ladder, *company.spec.lost, *company.spec.recycled}
    assert set(company.stages["stage"]) == stages
    assert company.stages.loc[company.stages["stage"].isin(["LOST", "RECYCLED"]), "reason"].notna().all()
    columns = set(company.leads) | set(company.changes["field"])
    assert set(company.spec.fit) <= columns


def test_people_share_companies_and_data_has_gaps(company: Company) -> None:
    sizes = company.leads["account_id"].value_counts()
    assert (sizes > 1).sum() > 200
    assert sizes.max() >= 6
    gaps = company.leads.isna().mean()
    assert gaps[["account_id", "job_title", "industry", "employees", "country", "email"]].between(0.005, 0.5).all()
    titles = company.leads["job_title"].dropna()
    assert (titles != titles.str.strip()).any()
    assert titles.isin(["-", "n/a"]).any()
    assert titles.str.contains("in Qualität|leiterin", case=False).sum() > 30
    assert titles.str.contains("Head of").sum() > 5


def test_truth_has_exactly_the_snapshots_of_the_pipeline(company: Company) -> None:
    leads = company.leads.assign(created_us=to_micros(company.leads["created_at"]))
    stages = company.stages.assign(entered_us=to_micros(company.stages["entered_at"]))
    looks = history_snapshots(leads, stages, company.spec, observed_until_us=company.options.last_day)
    mine = company.truth.assign(as_of_us=to_micros(company.truth["as_of"]))[["lead_id", "as_of_us"]]
    pd.testing.assert_frame_equal(mine, looks, check_dtype=False)


@pytest.mark.parametrize("target", ["sql", "close"])
def test_outcomes_match_the_truth_in_every_decile(company: Company, target: str) -> None:
    rows = company.judged(target)
    decile = pd.qcut(rows["p"].rank(method="first"), 10, labels=False)
    for _, part in rows.groupby(decile):
        # The snapshots of one lead share their outcome, so errors add up within a lead first.
        surplus = (part["y"] - part["p"]).groupby(part["lead_id"]).sum()
        error = np.sqrt(max(float((surplus**2).sum()), float((part["p"] * (1 - part["p"])).sum()), 1.0))
        assert abs(surplus.sum()) < 3.5 * error


def test_truth_is_coherent_and_certain_where_nothing_is_open(company: Company) -> None:
    truth = company.truth
    assert truth[["p_sql", "p_close"]].min().min() >= 0
    assert truth[["p_sql", "p_close"]].max().max() <= 1 + 1e-12
    assert (truth["p_close"] <= truth["p_sql"] + 1e-12).all()
    there = truth["lead_id"].map(company.first_entry("SQL")) <= truth["as_of"]
    assert there.sum() > 50
    assert truth.loc[there, "p_sql"].to_numpy() == pytest.approx(1.0, abs=1e-12)
    learners = company.latents.loc[company.latents["kind"].isin(["student", "applicant", "private"]), "lead_id"]
    assert (truth.loc[truth["lead_id"].isin(learners), "p_sql"] == 0).all()


def test_the_oracle_is_good_but_not_all_knowing(company: Company) -> None:
    rows = company.judged("sql")
    assert 0.85 < roc_auc_score(rows["y"], rows["p"]) < 0.96
