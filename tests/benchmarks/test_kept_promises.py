"""The benchmark of kept promises counts as it says, on a quarter whose truth is known."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.time_units import WEEK_US
from models.cutoffs.counting import Counting
from models.cutoffs.evidence import BandEvidence

QUARTER_WEEKS = 13


@pytest.fixture(scope="module")
def bench() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
        yield importlib.import_module("kept_promises")


def looks(rng: np.random.Generator, *, first_week: int, weeks: int, a_week: int, name: str) -> pd.DataFrame:
    """Leads that come in evenly, each looked at in its first two weeks, with calibrated probabilities."""
    leads = weeks * a_week
    p = rng.beta(1, 3, leads)
    came = first_week + np.repeat(np.arange(weeks), a_week)
    rows = pd.DataFrame(
        {
            "lead_id": np.repeat([f"{name}{number:05d}" for number in range(leads)], 2),
            "as_of_us": np.column_stack([came, came + 1]).ravel() * WEEK_US,
            "p": np.repeat(p, 2),
            "y": np.repeat(rng.random(leads) < p, 2).astype(float),
        }
    )
    rows["p_final"], rows["p_close"], rows["y_close"] = (
        rows["p"],
        rows["p"] / 4,
        rows["y"] * (rng.random(len(rows)) < 0.25),
    )
    rows["points"], rows["true_p"], rows["true_p_close"] = 100 * rows["p"], rows["p"], rows["p"] / 4
    return rows.assign(excluded=False, vetoed=False, gates_open=True, unseen=True)


def quarter(bench: ModuleType, seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    before = looks(rng, first_week=0, weeks=60, a_week=20, name="B")
    after = looks(rng, first_week=60, weeks=QUARTER_WEEKS, a_week=20, name="A")
    recent = before[before["as_of_us"] >= 30 * WEEK_US]
    counting = Counting(52 * WEEK_US, 8.0)
    past = before[["lead_id", "as_of_us", "p", "excluded", "gates_open"]]
    return bench.Quarter(1, 0, recent, after, counting, 30 * WEEK_US, 60 * WEEK_US, past)


def test_what_became_of_a_cut_off_is_counted_in_the_quarter_alone(bench: ModuleType) -> None:
    given = quarter(bench)
    evidence = BandEvidence.of(given.following, Counting(given.from_us, QUARTER_WEEKS), "MQL")
    became = bench.realised(evidence, 0.4, given.following["true_p"])
    first = given.following.drop_duplicates("lead_id")
    promoted = first[first["p"] >= 0.4]
    assert became["leads"] == len(promoted)
    assert became["precision"] == pytest.approx(promoted["y"].mean())
    assert became["true_precision"] == pytest.approx(promoted["p"].mean())
    assert became["leads_per_week"] == pytest.approx(len(promoted) / QUARTER_WEEKS)


def test_in_a_world_that_stands_still_what_is_stated_is_kept(bench: ModuleType) -> None:
    rows = pd.DataFrame([row for seed in range(6) for row in bench.judge(quarter(bench, seed))])
    assert set(rows["policy"]) == set(bench.POLICIES)
    stated = rows[rows["kept"].notna() & (rows["figure"] != "promise")]
    assert stated["kept"].astype(float).mean() > 0.9
    promised = rows[(rows["figure"] == "promise") & rows["kept"].notna()]
    assert promised["kept"].astype(float).mean() > 0.9


def test_intervals_by_company_are_wider_where_quarters_go_together(bench: ModuleType) -> None:
    alike = pd.DataFrame({"company": np.repeat(np.arange(10), 10), "kept": np.repeat([True] * 8 + [False] * 2, 10)})
    mixed = alike.assign(company=np.tile(np.arange(10), 10))
    width = [high - low for low, high in (bench.by_company(alike), bench.by_company(mixed))]
    assert width[0] > 2 * width[1]


def test_the_table_counts_refusals_beside(bench: ModuleType) -> None:
    rows = pd.DataFrame(
        [
            {"company": 1, "quarter": n, "policy": "promise 30%", "stage": "SAL", "figure": "promise"}
            | ({"refused": True} if n < 2 else {"refused": False, "kept": n > 2, "stated": 0.3, "realised": 0.4})
            for n in range(6)
        ]
    )
    table = bench.summarise(rows.assign(low=np.nan, high=np.nan)).set_index("policy").loc["promise 30%"]
    assert (table["quarters"], table["kept"], table["refused"]) == (4, 0.75, 2)
