"""A store alone is enough to word its scores; rows of runs that keep no words hold them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.store_tables import SCORE_RUNS
from serve.reading.score_store import ScoreReader
from serve.reading.worded_scores import WordedScores

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WORDS = {"de": "Größe: {value}", "en": "Size: {value}"}
FEATURE = {
    "name": "fit_size", "family": "fit", "dtype": "number", "unit": "count", "subject": "size", "definition": "",
    "words": WORDS, "words_missing": WORDS, "values": [],
}  # fmt: skip
WORDING = {"spec": {}, "feature_options": {}, "features": [FEATURE], "rules": None}
EMPTY = {"exclusions": [], "gates_missing": [], "points_reasons": []}
REASON = {"family": "fit", "subject": "size", "log_odds": 1.0, "percentage_points": 5.0, "value": 3.0}


@pytest.fixture
def words(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/scores.sqlite"
    ScoreStore(url).migrate()
    engine = sa.create_engine(url)
    run = {"model_version": "m", "cutoff_version": "c", "leads": 1, "about": {}, "started_at": NOON}
    with engine.begin() as connection:
        connection.execute(SCORE_RUNS.insert(), run | {"run_id": "new", "wording": WORDING})
        connection.execute(SCORE_RUNS.insert(), run | {"run_id": "old", "wording": None})
    engine.dispose()
    store = ScoreReader(url)
    yield WordedScores(store)
    store.close()


def test_a_row_is_worded_by_what_its_run_keeps(words):
    row = {**EMPTY, "run_id": "new", "reasons": [REASON | {"feature": "fit_size"}]}
    assert [words.worded(row)["reasons"][0][language] for language in ("de", "en")] == ["Größe: 3", "Size: 3"]


def test_a_row_of_an_older_run_keeps_its_own_words(words):
    row = {**EMPTY, "run_id": "old", "reasons": [REASON | {"de": "Größe", "en": "Size"}]}
    assert words.worded(row) == row
