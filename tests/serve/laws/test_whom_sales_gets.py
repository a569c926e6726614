"""One real run names the same leads wherever it says whom sales gets next, and the same numbers wherever it counts."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from models.scoring.groups import GROUPS
from pipeline.runner.finished_run import open_run
from pipeline.score.handed_over import handover_rule
from pipeline.summary import summary_table
from pipeline.what_if.command import answered

Leads = list[tuple[str, str]]
"""Lead and band, the first to call first."""


@pytest.fixture(scope="module")
def scores(demo_run: Path) -> pd.DataFrame:
    return pd.read_parquet(demo_run / "score" / "scores.parquet")


@pytest.fixture(scope="module")
def next_leads(scores: pd.DataFrame, demo_run: Path) -> Leads:
    """The list, from first principles: at or above a cut-off, short of the goal, and not at SAL or above."""
    ladder = open_run(demo_run).spec().ladder
    at_sal = scores["stage"].isin(ladder[ladder.index("SAL") :])
    passes = scores["band"].isin(["MQL", "SAL"]) & ~scores["reached"]
    assert (passes & at_sal).any()  # or nothing here could tell the rules apart
    rows = scores[passes & ~at_sal].sort_values(["band", "p_sql", "lead_id"], ascending=[False, False, True])
    assert len(rows)
    return list(zip(rows["lead_id"], rows["band"], strict=True))


@pytest.fixture(scope="module")
def documented_sql(project_root: Path) -> str:
    text = (project_root / "docs" / "store.md").read_text(encoding="utf-8")
    (statement,) = (sql for sql in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) if "current_scores" in sql)
    return statement


def test_the_sql_of_the_docs(demo_run: Path, documented_sql: str, next_leads: Leads) -> None:
    with sqlite3.connect(f"file:{demo_run / 'scores.sqlite'}?mode=ro", uri=True) as store:
        rows = store.execute(documented_sql).fetchall()
    store.close()
    assert [(row[0], row[1]) for row in rows] == next_leads


def test_the_columns_of_a_hand_over(scores: pd.DataFrame, demo_run: Path, next_leads: Leads) -> None:
    by_cutoff = scores[scores["handed_over_by"] == "cutoff"]
    assert set(by_cutoff["lead_id"]) == {lead_id for lead_id, _ in next_leads}
    assert (by_cutoff["handover_probability"] == 1).all()
    again = handover_rule(open_run(demo_run))(scores.drop(columns=["handed_over_by", "handover_probability"]))
    assert set(again.loc[again["handed_over_by"] == "cutoff", "lead_id"]) == set(by_cutoff["lead_id"])


def test_the_api(api: httpx.Client, next_leads: Leads) -> None:
    rows = [row for band in ("SAL", "MQL") for row in api.get(f"/v1/leads?limit=1000&band={band}").json()["leads"]]
    assert [(row["lead_id"], row["group"]) for row in rows] == next_leads


def test_the_page(address: str, logged_in: Callable[..., Any], next_leads: Leads) -> None:
    with logged_in(address) as reader:
        pages = [reader.get(f"/leads?band={band}").text for band in ("SAL", "MQL")]
    shown = [lead_id for page in pages for lead_id in re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', page)]
    assert shown == [lead_id for lead_id, _ in next_leads]


def test_the_report(demo_run: Path, next_leads: Leads) -> None:
    opened = pd.read_parquet(demo_run / "evaluate" / "open.parquet")
    passing = opened[opened["model_band"] != "none"]
    assert set(zip(passing["lead_id"], passing["model_band"], strict=True)) == set(next_leads)
    change = json.loads((demo_run / "evaluate" / "evaluation.json").read_text())["change"]
    bands = Counter(band for _, band in next_leads)
    assert (change["model_mql"], change["model_sal"]) == (len(next_leads), bands["SAL"])
    assert change["leads"] == len(opened)


def test_the_list_for_next_monday(demo_run: Path, api: httpx.Client, next_leads: Leads) -> None:
    nothing_asked: dict[str, Any] = {"capacity": None, "mql_capacity": None}
    for answer in (json.loads(answered(demo_run, nothing_asked, as_json=True)), api.get("/v1/cutoffs").json()):
        assert [(row["lead_id"], row["band"]) for row in answer["monday"]["rows"]] == next_leads
        assert answer["changes"]["MQL"]["in_force"]["now"] == len(next_leads)


def test_all_that_counts_adds_up_to_the_open_leads(
    demo_run: Path, api: httpx.Client, scores: pd.DataFrame, next_leads: Leads
) -> None:
    groups = scores["counted_as"].value_counts().to_dict()
    assert groups["with_sales"] > 0
    assert groups.get("SAL", 0) + groups["MQL"] == len(next_leads)
    told = json.loads((demo_run / "score" / "score.json").read_text())
    assert told["bands"] | {name: told[name] for name in GROUPS[3:]} == {name: groups.get(name, 0) for name in GROUPS}
    assert api.get("/v1/leads").json()["counts"] == groups
    assert f"{groups['MQL']} MQL" in summary_table(demo_run)
    assert f"{groups['with_sales']} with sales already" in summary_table(demo_run)
    opened = json.loads((demo_run / "evaluate" / "evaluation.json").read_text())["change"]["leads"]
    assert opened == len(scores) - groups["with_sales"] - groups["reached"]
