"""A change comes over the company: what is gamed converts worse, what is harmless does not, others live as before."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from features.errors import InputError
from features.time_units import DAY_US, to_micros
from pipeline.settings.simulate_options import ShiftOptions, SimulateOptions
from pipeline.simulate.stage import simulate
from pipeline.source.folder import read_source

SPEC = read_source(Path(__file__).resolve().parents[3] / "sources" / "demo").spec
START = "2025-07-01"


def company(folder: Path, **shift: object) -> dict[str, pd.DataFrame]:
    folder.mkdir()
    options = SimulateOptions(leads=3000, events_per_lead=12, shift=ShiftOptions.model_validate(shift))
    simulate(options, SPEC, 11, folder)
    return {file.stem: pd.read_parquet(file) for file in sorted(folder.rglob("*.parquet"))}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return company(tmp_path_factory.mktemp("usual") / "a")


def mqls(tables: dict[str, pd.DataFrame], *, campaign: str | None = None) -> pd.DataFrame:
    """MQLs since the start whose 60 days have passed, with whether they became SQL."""
    first = tables["stages"].pivot_table(index="lead_id", columns="stage", values="entered_at", aggfunc="min")
    rows = first.join(tables["leads"].set_index("lead_id")["campaign"])
    rows = rows[rows["MQL"].notna() & (rows["MQL"] >= pd.Timestamp(START, tz="UTC"))]
    rows = rows[rows["MQL"] <= pd.Timestamp("2026-05-01", tz="UTC")]
    rows = rows if campaign is None else rows[rows["campaign"] == campaign]
    return rows.assign(sql=(rows["SQL"] - rows["MQL"]).dt.days < 60)


def test_without_a_change_nothing_is_written_about_one(usual: dict[str, pd.DataFrame]) -> None:
    assert "shift" not in usual


@pytest.mark.parametrize("kind", ["sweepstake", "price_lists"])
def test_gaming_lifts_volume_and_lowers_conversion_of_its_campaign(
    kind: str, usual: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    told = company(tmp_path / "g", kind=kind, campaign="website", from_day=START, factor=2.5)
    before, after = (mqls(tables, campaign="website") for tables in (usual, told))
    planted = after[after.index.isin(told["shift"]["lead_id"])]
    assert 1.7 < len(after) / len(before) < 3.3
    assert planted["sql"].mean() < 0.6 * before["sql"].mean()
    assert len(planted) > 0.8 * (len(after) - len(before))
    truth = json.loads((tmp_path / "g" / "truth" / "shift.json").read_text())
    assert (truth["kind"], truth["campaign"]) == (kind, "website")


def test_the_usual_leads_are_who_they_were_and_live_as_they_did(usual: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    told = company(tmp_path / "g", kind="sweepstake", campaign="website", from_day=START, factor=2.5)
    for table in ("leads", "stages", "events", "truth"):
        own = told[table][told[table]["lead_id"].isin(usual["leads"]["lead_id"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, usual[table])
    planted = told["leads"]["lead_id"].isin(told["shift"]["lead_id"])
    assert set(told["leads"].loc[planted, "campaign"]) == {"website"}
    assert (to_micros(told["leads"].loc[planted, "created_at"]) >= ShiftOptions(from_day=START).from_day).all()


def test_more_of_the_same_is_as_good_as_before(usual: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    told = company(tmp_path / "m", kind="more_of_the_same", campaign="website", from_day=START, factor=3)
    before, after = (mqls(tables, campaign="website") for tables in (usual, told))
    assert len(after) > 2 * len(before)
    assert after["sql"].mean() == pytest.approx(before["sql"].mean(), abs=0.1)


def test_sales_that_takes_fewer_lowers_outcomes_and_the_truth_knows(
    usual: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    told = company(tmp_path / "h", kind="harder_sales", from_day=START, factor=0.5)
    assert mqls(told)["sql"].mean() < 0.7 * mqls(usual)["sql"].mean()
    late = pd.Timestamp(START, tz="UTC") + pd.Timedelta(microseconds=30 * DAY_US)
    means = [t["truth"].loc[t["truth"]["as_of"] >= late, "p_sql"].mean() for t in (usual, told)]
    assert means[1] < 0.8 * means[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "sweepstake"},
        {"kind": "harder_sales", "factor": 2},
        {"kind": "growth", "factor": 0},
    ],
)
def test_a_change_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ShiftOptions.model_validate(wrong)


def test_a_campaign_that_does_not_run_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no_such"):
        company(tmp_path / "none", kind="price_lists", campaign="no_such")
    assert not list((tmp_path / "none").iterdir())
