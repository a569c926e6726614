from __future__ import annotations

import json

import pytest

from features.errors import InputError
from features.language.languages import LANGUAGES
from models.forecast.saved_form import MANIFEST, from_files, text_digest, to_files


@pytest.fixture(scope="module")
def files(forecast):
    return to_files(forecast)


def rehashed(files, name, text):
    """Return the files with one changed and the manifest telling so."""
    manifest = json.loads(files[MANIFEST])
    manifest["sha256"][name] = text_digest(text)
    return files | {name: text, MANIFEST: json.dumps(manifest)}


def test_saved_and_loaded_it_predicts_bit_for_bit_the_same(forecast, files, company):
    again = from_files(files)
    assert again.predict(company.history).equals(forecast.predict(company.history))
    before, after = forecast.explain(company.history, "close"), again.explain(company.history, "close")
    assert after.contributions.equals(before.contributions)
    assert (again.spec, again.features, again.feature_options) == (
        forecast.spec,
        forecast.features,
        forecast.feature_options,
    )
    assert again.grades == forecast.grades


def test_saved_and_loaded_its_features_are_said_the_same(forecast, files):
    """The singular is not saved: it is found again, ``1 day`` and ``2 days``."""
    values = {"category": ["head", None], "boolean": [0.0, 1.0], "number": [0.0, 1.0, 1.04, 2.0, float("nan")]}
    for before, after in zip(forecast.features, from_files(files).features, strict=True):
        for value in values[before.dtype]:
            for language in LANGUAGES:
                assert after.say(value, language) == before.say(value, language)
    assert "words_one" not in files["forecast.json"]
    assert any(feature.words_one is not None for feature in from_files(files).features)


def test_saving_again_gives_the_same_texts(files):
    assert to_files(from_files(files)) == files


def test_it_is_lightgbm_text_and_json_and_nothing_else(files):
    for name, text in files.items():
        if name.endswith(".json"):
            json.loads(text)
        else:
            assert name.endswith(".txt")
            assert text.startswith("tree\n")


@pytest.mark.parametrize("name", ["forecast.json", "sql.estimator.json", "close.booster_1.txt"])
def test_a_changed_file_is_named(files, name):
    with pytest.raises(InputError, match=rf"{name}: expected SHA-256 .* found"):
        from_files(files | {name: files[name].replace("1", "2", 1)})


def test_a_missing_file_is_named(files):
    with pytest.raises(InputError, match=r"sql\.booster_2\.txt: expected the file"):
        from_files({name: text for name, text in files.items() if name != "sql.booster_2.txt"})


def test_an_added_file_is_named(files):
    with pytest.raises(InputError, match=r"found also evil\.py"):
        from_files(files | {"evil.py": "import os"})


@pytest.mark.parametrize("manifest", ["{", "[]", '{"format": 1}', '{"format": 99, "sha256": {}}'])
def test_a_manifest_we_cannot_read_is_refused(files, manifest):
    with pytest.raises(InputError, match="expected"):
        from_files(files | {MANIFEST: manifest})


def test_no_manifest_is_no_model(files):
    with pytest.raises(InputError, match="expected a saved model"):
        from_files({"forecast.json": files["forecast.json"]})


@pytest.mark.parametrize(
    ("name", "text"),
    [("forecast.json", "{}"), ("sql.estimator.json", '{"features": []}'), ("sql.booster_1.txt", "no trees here")],
)
def test_a_file_of_another_shape_is_an_input_error_even_with_the_right_hash(files, name, text):
    with pytest.raises(InputError, match="expected"):
        from_files(rehashed(files, name, text))
