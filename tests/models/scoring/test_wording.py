"""Words are found on reading: today's, those of the model where a column is no more; old rows keep their own."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from features.language.languages import LANGUAGES
from features.language.sentences import words
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.forecast import Forecast
from models.forecast.saved_form import from_files
from models.rules.points import PointsRules
from models.scoring.reason import OTHER
from models.scoring.score_rows import score_rows
from models.scoring.wording import ScoreSentences, ScoreWording

LISTS = ("reasons", "exclusions", "gates_missing", "points_reasons")


@pytest.fixture(scope="module")
def forecast(demo_run: Path) -> Forecast:
    return from_files({file.name: file.read_text() for file in (demo_run / "train" / "model").iterdir()})


@pytest.fixture(scope="module")
def rules(demo_run: Path) -> PointsRules:
    return PointsRules.model_validate(json.loads((demo_run / "ingest" / "rules.json").read_text()))


@pytest.fixture(scope="module")
def wording(forecast: Forecast, rules: PointsRules) -> ScoreWording:
    """As a store gives it back."""
    return ScoreWording.model_validate_json(ScoreWording.of(forecast, rules).model_dump_json())


@pytest.fixture(scope="module")
def rows(demo_run: Path, forecast: Forecast, rules: PointsRules) -> list[dict]:
    X = pd.read_parquet(demo_run / "features" / "open.parquet").head(200)
    cutoffs = Cutoffs.model_validate_json((demo_run / "cutoffs" / "cutoffs.json").read_text())
    scores = score_rows(X, X, forecast=forecast, cutoffs=cutoffs, rules=rules)
    return [{name: row[name] for name in LISTS} for row in scores.to_dict("records")]


def changed(wording, fields):
    """Return what another run would have stored; read anew, since words are remembered once they are read."""
    return ScoreWording.model_validate(wording.model_dump() | fields)


def parts(row):
    return [part for name in LISTS for part in row[name]]


def test_score_rows_hold_no_sentence(rows):
    assert sum(len(parts(row)) for row in rows) > 500
    assert not [part for row in rows for part in parts(row) if {"de", "en"} & part.keys()]


def test_a_reason_is_what_the_feature_list_says_of_its_column_and_value(rows, wording, forecast):
    features = {feature.name: feature for feature in forecast.features}
    for row in rows:
        for reason in wording.sentences.worded(row)["reasons"]:
            if reason["family"] == OTHER:
                assert (reason["de"], reason["en"]) == (words("reason.other").de, words("reason.other").en)
            elif not reason["subject"].startswith("reached_"):
                value = reason["value"]
                said = float(value) if isinstance(value, bool) else value
                assert [reason[language] for language in LANGUAGES] == [
                    features[reason["feature"]].say(said, language) for language in LANGUAGES
                ]
            else:
                assert str(reason["value"]) in reason["de"]


def test_words_are_added_and_nothing_else_changes(rows, wording):
    for row in rows:
        said = wording.sentences.worded(row)
        for name in LISTS:
            bare = [{key: value for key, value in part.items() if key not in LANGUAGES} for part in said[name]]
            assert sorted(map(str, bare)) == sorted(map(str, row[name]))
        assert all(part["de"] and part["en"] for part in parts(said))


def test_rows_of_earlier_versions_keep_their_sentences(wording):
    old = {"family": "fit", "subject": "industry", "log_odds": 1.0, "percentage_points": 5.0, "value": "software"}
    row = {
        "reasons": [old | {"de": "Branche: Software", "en": "Industry: software"}],
        "exclusions": [{"name": "students", "de": "Studierende von einst", "en": "Students of then"}],
        "gates_missing": [{"column": "fit_budget", "de": "Budget", "en": "Budget"}],
        "points_reasons": [{"points": 5.0, "de": "A", "en": "B"}],
    }
    assert wording.sentences.worded(row) == row
    assert ScoreSentences((), None, None).worded(row) == row


def test_a_better_sentence_needs_no_new_scoring(rows, wording):
    """The sentence saved with the model does not matter while its column exists."""
    poor = [
        {**feature, "words": {"de": "alt", "en": "old"}, "words_missing": {"de": "alt", "en": "old"}}
        for feature in wording.features
    ]
    older = changed(wording, {"features": poor})
    assert [older.sentences.worded(row) for row in rows] == [wording.sentences.worded(row) for row in rows]


def test_a_column_that_is_no_more_is_said_as_its_model_did(rows, wording):
    gone = {**wording.features[0], "name": "fit_gone", "dtype": "number", "values": []}
    gone |= {"words": {"de": "Einst {value}", "en": "Once {value}"}}
    with_gone = changed(wording, {"features": [*wording.features, gone]})
    part = {"family": "fit", "subject": "gone", "feature": "fit_gone", "value": 2.0, "log_odds": 1.0}
    assert with_gone.sentences.reason(part).en == "Once 2"
    assert wording.sentences.reason(part).en == "gone"


def test_a_source_that_cannot_be_read_any_more_leaves_the_saved_sentences(rows, wording):
    unreadable = changed(wording, {"spec": {"name": 1}})
    said = [unreadable.sentences.worded(row)["reasons"] for row in rows[:20]]
    assert all(reason["en"] for reasons in said for reason in reasons)
