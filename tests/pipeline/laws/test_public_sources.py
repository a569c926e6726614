"""The shipped sources of public data give the very test rows and labels that they are compared on elsewhere."""

from __future__ import annotations

import functools
import importlib.util
import os
import warnings
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from features.answers import Answer
from features.time_units import parse_duration
from pipeline.check.command import check_source
from pipeline.ingest.stage import ingest
from pipeline.settings.settings import IngestOptions, Settings
from pipeline.source.folder import read_source

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("LEADSCORE_PUBLIC_DATA", ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"did not run: no public data in {DATA} (set LEADSCORE_PUBLIC_DATA to their folder)"
)


def expected_test(name: str) -> pd.Series:
    """The outcomes of the test rows, indexed by lead id."""
    with warnings.catch_warnings():  # the splits are not ours to modernise
        warnings.simplefilter("ignore")
        *_, y = public_splits().load(name)
    return y


def public_splits() -> ModuleType:
    file = DATA.parent / "bench" / "public_data.py"
    if not file.is_file():
        pytest.skip(f"did not run: {file} (the splits to compare with) is not there")
    module_spec = importlib.util.spec_from_file_location("public_data", file)
    assert module_spec is not None
    assert module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory):
    @functools.cache
    def read(name: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.Timestamp]:
        out = tmp_path_factory.mktemp(name)
        summary = ingest(read_source(ROOT / "sources" / name), DATA / name, IngestOptions(), out)
        assert set(summary["rejects"].values()) == {0}
        leads, stages = (pd.read_parquet(out / f"{table}.parquet") for table in ("leads", "stages"))
        return leads, stages, pd.Timestamp(summary["observed_until"])

    return read


def labelled(stages: pd.DataFrame, as_of: pd.Series, horizon: str) -> pd.Series:
    """Won in (as_of, as_of + horizon]; only leads that are neither won nor lost at as_of."""
    won, lost = (
        stages[stages["stage"] == stage].groupby("lead_id")["entered_at"].min().reindex(as_of.index)
        for stage in ("WON", "LOST")
    )
    still_open = ~(won <= as_of) & ~(lost <= as_of)
    as_of, won = as_of[still_open], won[still_open]
    return ((won > as_of) & (won <= as_of + pd.Timedelta(microseconds=parse_duration(horizon)))).astype(int)


def assert_same(y: pd.Series, expected: pd.Series) -> None:
    assert set(y.index) == set(expected.index)
    assert y.reindex(expected.index).tolist() == expected.tolist()


def test_x_education_gives_the_same_test_leads_and_labels(tables) -> None:
    expected = expected_test("x_education")
    leads, stages, _ = tables("x_education")
    y = labelled(stages, leads.set_index("lead_id")["created_at"], "1m")
    newest = leads.sort_values("created_at")["lead_id"].iloc[int(len(leads) * 0.7) :]
    assert len(newest) == 2772
    assert_same(y[newest], expected)


def test_olist_gives_the_same_test_leads_and_labels(tables) -> None:
    expected = expected_test("olist_funnel")
    leads, stages, observed_until = tables("olist_funnel")
    created = leads.set_index("lead_id")["created_at"]
    y = labelled(stages, created[created >= pd.Timestamp("2018-04-01", tz="UTC")], "60d")
    assert_same(y, expected)
    assert created.max() + pd.Timedelta(days=60) <= observed_until


@pytest.mark.parametrize("days", [0, 3, 7, 14])
def test_bpi2012_gives_the_same_test_applications_and_labels(tables, days: int) -> None:
    expected = expected_test(f"bpi2012+{days}")
    _, stages, observed_until = tables("bpi2012")
    sent = stages[stages["stage"] == "OFFER_SENT"].groupby("lead_id")["entered_at"].min()
    as_of = sent + pd.Timedelta(days=days)
    y = labelled(stages, as_of[as_of + pd.Timedelta(days=30) <= observed_until], "30d")
    anchors = as_of[y.index]
    assert_same(y[anchors > anchors.quantile(0.7)], expected)


def test_check_names_or_doubts_what_sales_filled_in_at_x_education_and_calls_nothing_honest_a_leak() -> None:
    result = check_source(read_source(ROOT / "sources" / "x_education"), DATA / "x_education", Settings())
    answers = {name: column.answer for name, column in result.of("columns").items()}
    assert {name for name, answer in answers.items() if answer is Answer.FAILED} == {"Tags", "Lead Quality"}
    doubted = {
        "Lead Profile",
        "Last Activity",
        "Last Notable Activity",
        "Asymmetrique Activity Index",
        "Asymmetrique Profile Index",
        "Asymmetrique Activity Score",
        "Asymmetrique Profile Score",
    }  # by their names, and a name alone proves nothing
    assert {answers[name] for name in doubted} == {Answer.UNCHECKED}


def test_check_names_the_columns_that_only_winners_have_at_olist() -> None:
    result = check_source(read_source(ROOT / "sources" / "olist_funnel"), DATA / "olist_funnel", Settings())
    leaks = {name for name, column in result.of("columns").items() if column.answer is Answer.FAILED}
    assert {"seller_id", "business_segment", "lead_type", "lead_behaviour_profile", "business_type"} <= leaks
    assert not leaks & {"origin", "landing_page_id"}
