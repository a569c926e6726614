"""The list of open leads, which an index answers, is what sorting and counting all scores would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from models.scoring.groups import GROUPS
from models.scoring.run_about import RunAbout
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_url import read_url
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ABOUT = RunAbout.model_validate(
    {
        "source": "demo", "title": {"de": "Demo", "en": "Demo"}, "observed_until": "2026-06-01T12:00:00Z",
        "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None},
                    "close": {"stage": "WON", "horizon_days": 60.0, "words": None}},
        "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {},
        "leads": 2, "bands": {"SAL": 0, "MQL": 2, "none": 0}, "excluded": 0, "reached": 0,
    }
)  # fmt: skip
SEARCHES = (
    "",
    "lead",
    "EAD-1",
    "Ä",
    "äö",
    "ÄÖ",
    "%",
    "_1_",
    '"',
    "''",
    "-1",
    "*",
    "nobody",
    "\0",
    "a\0b",
    "漢字🙂",
    "a b c",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/scores.sqlite"
    return str(request.getfixturevalue("postgres_url"))


def made_scores(seed: int) -> pd.DataFrame:
    """Return scores with ties, missing grades and lead ids of any kind."""
    draw = np.random.default_rng(seed)
    ids = [f"Lead-{number}" for number in range(40)] + [
        "a%b",
        "x_1_y",
        'say "no"',
        "O''Neil",
        "ÄÖÜ",
        "漢字🙂漢",
        "ab",
        "a b c",
        "*",
    ]
    rows = len(ids)
    return pd.DataFrame(
        {
            "lead_id": draw.permutation(ids),
            "as_of": pd.Series([pd.Timestamp(NOON)] * rows).dt.as_unit("us"),
            "p_sql": draw.integers(4, size=rows) / 4,
            "p_close": draw.random(rows),
            "band": "none",
            "counted_as": draw.choice([name for name in GROUPS if name != "with_sales"], rows),
            "reached": False,
            "excluded": False,
            "fit_grade": draw.choice(np.array(["A", "B", None], dtype=object), rows),
            "behaviour_grade": draw.choice(np.array(["1", "2", None], dtype=object), rows),
            "joined": draw.choice(np.array(["list", "band", None, None], dtype=object), rows),
            **{name: [[] for _ in ids] for name in ("exclusions", "gates_missing", "points_reasons", "reasons")},
        }
    )


def lowered(text: str, url: str) -> str:
    """Return a text as the database lowers it: SQLite knows the case of ASCII alone."""
    return text.lower() if url.startswith("postgresql") else "".join(c.lower() if c.isascii() else c for c in text)


def expected(scores: pd.DataFrame, wanted: LeadsWanted, probability: str, url: str) -> tuple[list[str], Counter[str]]:
    """Return the ids that fit group, search and grades in their order, and how many fit search and grades."""
    rows = scores.to_dict("records")
    part = lowered(wanted.search.replace("\0", ""), url)
    fits = [row for row in rows if part in lowered(row["lead_id"], url)
            and all(row[column] == grade for column, grade in wanted.grades.items())
            and (not wanted.new or pd.notna(row["joined"]))]  # fmt: skip
    fits.sort(key=lambda row: (GROUPS.index(row["counted_as"]), -row[probability], row["lead_id"].encode()))
    shown = [row["lead_id"] for row in fits if wanted.group in (None, row["counted_as"])]
    return shown, Counter(row["counted_as"] for row in fits)


@pytest.mark.parametrize("target", ["sql", "close"])
def test_every_page_is_what_sorting_all_scores_gives(url: str, target: str, rows_of: Callable[..., Any]) -> None:
    about = ABOUT.model_copy(update={"cutoffs": ABOUT.cutoffs.model_copy(update={"target": target})})
    scores, run = made_scores(1), ScoreRun("r1", "m1", "c1", about)
    ScoreStore(url).write(rows_of(scores, run), run, now=NOON)
    reader = ScoreReader(url)
    grades = (("A", None), (None, "2"), ("B", "1"), (None, None))
    for search, group, (fit, behaviour), new in product(SEARCHES, (None, *GROUPS), grades, (False, True)):
        for offset in (0, 7, 200):
            wanted = LeadsWanted(group, search, fit, behaviour, new, limit=7, offset=offset)
            shown, counts = expected(scores, wanted, about.probability, url)
            page = reader.open_leads(wanted)
            assert [row["lead_id"] for row in page.rows] == shown[offset : offset + 7], wanted
            assert (page.matching, page.counts, page.total) == (len(shown), counts, len(scores)), wanted
    reader.close()


def test_a_page_is_one_range_of_an_index_and_counts_look_at_no_lead(url: str, rows_of: Callable[..., Any]) -> None:
    scores, run = made_scores(2), ScoreRun("r1", "m1", "c1", ABOUT)
    ScoreStore(url).write(rows_of(scores, run), run, now=NOON)
    reader = ScoreReader(url)
    reader.open_leads(LeadsWanted())  # it has looked at the tables by now
    asked: list[tuple[str, Any]] = []
    sa.event.listen(reader._store.engine, "after_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    for wanted in (
        LeadsWanted(),
        LeadsWanted("none", offset=3),
        LeadsWanted(fit_grade="A"),
        LeadsWanted(None, "", "A", "1"),
        LeadsWanted(new=True),
        LeadsWanted("none", new=True, offset=2),
        LeadsWanted(None, "", "A", None, new=True),
    ):
        asked.clear()
        reader.open_leads(wanted)
        (listed,) = [(statement, given) for statement, given in asked if "open_leads" in statement]
        assert "count(" not in " ".join(statement for statement, _ in asked).lower()
        engine = sa.create_engine(read_url(url))
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {listed[0]}", listed[1]).all()
                words = " ".join(row[-1] for row in plan)
                assert "SCAN" not in words
                assert "TEMP B-TREE" not in words
            else:
                connection.exec_driver_sql("SET enable_seqscan = off")  # a table of fifty rows is read whole else
                plan = connection.exec_driver_sql(f"EXPLAIN {listed[0]}", listed[1]).all()
                assert "Seq Scan" not in " ".join(row[0] for row in plan)
        engine.dispose()
    reader.close()


def test_a_run_that_finds_fewer_leads_open_lists_no_others(url: str, rows_of: Callable[..., Any]) -> None:
    first, second = (ScoreRun(name, "m1", "c1", ABOUT) for name in ("r1", "r2"))
    scores, store, reader = made_scores(3), ScoreStore(url), ScoreReader(url)
    store.write(rows_of(scores, first), first, now=NOON)
    later = scores.head(5).assign(as_of=pd.Timestamp(NOON + timedelta(days=1)).as_unit("us"))
    store.write(rows_of(later, second), second, now=NOON + timedelta(days=1))
    assert {row["lead_id"] for row in reader.open_leads(LeadsWanted()).rows} == set(later["lead_id"])
    for search in set(scores["lead_id"]) - set(later["lead_id"]):
        assert all(row["run_id"] == "r2" for row in reader.open_leads(LeadsWanted(search=search)).rows)
    store.write(rows_of(scores, first), first, now=NOON + timedelta(days=2))  # the settings of before, once more
    assert reader.open_leads(LeadsWanted()).total == len(scores)
    reader.close()
