"""Words are found on reading: today's, those of the model where a column is no more; old rows keep their own."""

from __future__ import annotations

import json
import re
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
from models.scoring.telling_order import ABOUT, about, foremost
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
    return [{name: row[name] for name in (*LISTS, "as_of", "lead_id")} for row in scores.to_dict("records")]


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
            elif reason.get("acts") is None and reason.get("beside") is None and reason["feature"] is not None:
                if reason["subject"].startswith("reached_"):
                    continue
                value = reason["value"]
                said = float(value) if isinstance(value, bool) else value
                assert [reason[language] for language in LANGUAGES] == [
                    features[reason["feature"]].say(said, language) for language in LANGUAGES
                ]


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


def test_whoever_showed_clear_intent_of_late_is_told_so(rows, wording, demo_run):
    """The act by name, in the reasons and in the one line of the list; no source of reasons may leave it out."""
    spec = wording.sentences._spec
    high = {name: family.words for name, family in spec.events.items() if family.intent == "high"}
    X = pd.read_parquet(demo_run / "features" / "open.parquet").set_index("lead_id")
    days = X[[f"behaviour_{name}_days_since_last" for name in high]].min(axis=1)
    lately = [row for row in rows if days[row["lead_id"]] <= 30 and any(r.get("acts") for r in row["reasons"])]
    assert len(lately) > 20
    for row in lately:
        line = wording.sentences.worded(row | {"reasons": foremost(row["reasons"], 2)})["reasons"]
        for said in (wording.sentences.worded(row)["reasons"], line):
            for language in LANGUAGES:
                assert any(words.of(language) in said[0][language] for words in high.values()), said[0]


def test_reasons_are_told_by_recency_and_where_a_lead_stands_comes_last(rows, wording):
    for row in rows:
        said = wording.sentences.worded(row)["reasons"]
        parts = [about(reason) for reason in said]
        assert parts == sorted(parts, key=ABOUT.index)
        acts = [reason["acts"] for reason in said if reason.get("acts")]
        assert all(list(one) == sorted(one, key=lambda act: act["days"]) for one in acts)
        others = [one[0]["days"] for one in acts if said[0].get("acts") is not one]
        assert others == sorted(others)
        assert sum(reason["log_odds"] for reason in said) == pytest.approx(
            sum(reason["log_odds"] for reason in row["reasons"]), abs=1e-12
        )


def test_nobody_is_told_a_number_that_nobody_can_say(rows, wording):
    """No part of a day, no plural of one, no sum that fades, whoever asks: page, list, API and letter word alike."""
    odd = re.compile(r"\d[.,]\d+ (Tag|Stunde|day|hour)|(?<![\d.,])1 (Tage|Tagen|days)\b|verblass|fading|\{|\}|nan")
    for row in rows:
        for part in parts(wording.sentences.worded(row)):
            for language in LANGUAGES:
                assert not odd.search(part[language]), part
