"""What is said in two languages stands in the catalogues, and both say the same things."""

from __future__ import annotations

import ast
import gettext
import re
import string
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from features.catalog import feature as described_features
from features.families.feature_list import feature_list
from features.language.catalogue import PLURAL_FORMS, Catalogue
from features.language.languages import LANGUAGES
from features.language.sentences import LEAD_SENTENCES
from features.source_spec import FeatureOptions, Snapshots, SourceSpec
from models.findings.sentences import FINDING_SENTENCES
from pipeline.explain.sentences import LETTER_SENTENCES
from pipeline.telling.sentences import TOLD_SENTENCES
from serve.wording.sentences import PAGE_SENTENCES

CATALOGUES = (LEAD_SENTENCES, FINDING_SENTENCES, LETTER_SENTENCES, TOLD_SENTENCES, PAGE_SENTENCES)
PACKAGES = ("features", "models", "pipeline", "serve")
ROOT = Path(__file__).resolve().parents[2]
HOMES = {f"{catalogue.package}.sentences": catalogue for catalogue in CATALOGUES}
SAYING = ("say", "say_count", "words")

each_catalogue = pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda catalogue: catalogue.package)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def folder(catalogue: Catalogue) -> Path:
    return ROOT.joinpath(*catalogue.package.split("."), "catalogues")


def read(catalogue: Catalogue, language: str) -> Catalog:
    with (folder(catalogue) / f"{language}.po").open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


def messages(catalogue: Catalogue, language: str) -> list[Message]:
    return [message for message in read(catalogue, language) if message.id]


def texts(part: str | tuple[str, ...] | list[str]) -> list[str]:
    return [part] if isinstance(part, str) else list(part)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@each_catalogue
def test_a_package_says_the_same_things_in_every_language(catalogue: Catalogue) -> None:
    for language in LANGUAGES:
        entries = [(message.context, message.id) for message in messages(catalogue, language)]
        assert entries == [(message.context, message.id) for message in messages(catalogue, "en")], language
        assert len({key for key, _ in entries}) == len(entries), language
        assert sorted(path.name for path in folder(catalogue).iterdir()) == sorted(f"{it}.po" for it in LANGUAGES)


@each_catalogue
def test_every_sentence_is_translated_and_has_the_same_places(catalogue: Catalogue) -> None:
    """A form that means one number only may leave the number out: ``within a day``."""
    for message in messages(catalogue, "de"):
        assert not message.fuzzy, message.context
        assert all(texts(message.string)), message.context
        for text, english in zip(texts(message.string), texts(message.id), strict=True):
            assert places(text) == places(english), message.context
        assert places(texts(message.id)[0]) <= places(texts(message.id)[-1]), message.context
    assert [message.context for message in messages(catalogue, "en") if any(texts(message.string))] == []
    assert read(catalogue, "de").obsolete == {}


@each_catalogue
@each_language
def test_plural_forms_are_complete_and_those_of_the_language(catalogue: Catalogue, language: str) -> None:
    held = read(catalogue, language)
    rule, index_of = Locale.parse(language).plural_form, gettext.c2py(held.plural_expr)
    forms = [form for form in PLURAL_FORMS if form in {*rule.tags, "other"}]
    assert held.num_plurals == len(forms)
    assert [forms[index_of(number)] for number in range(200)] == [rule(number) for number in range(200)]
    counted = [message for message in messages(catalogue, language) if message.pluralizable]
    assert counted
    for message in counted:
        assert len(texts(message.string)) == len(forms), message.context
        assert list(catalogue.forms(message.context, language)) == forms


@each_catalogue
def test_sentences_are_said_as_the_files_have_them(catalogue: Catalogue) -> None:
    for message in messages(catalogue, "de"):
        assert list(catalogue.forms(message.context, "de").values()) == texts(message.string)
        assert list(catalogue.forms(message.context, "en").values()) == texts(message.id)


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file, ast.parse(file.read_text(encoding="utf-8"))


def asked_keys(tree: ast.Module) -> Iterator[tuple[Catalogue, str]]:
    """Give the keys that a module asks for by their full name."""
    names = {
        alias.asname or alias.name: HOMES[str(node.module)]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in HOMES
        for alias in node.names
        if alias.name in SAYING
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and node.args:
            keys = [node.args[0].body, node.args[0].orelse] if isinstance(node.args[0], ast.IfExp) else [node.args[0]]
            for key in keys:
                if isinstance(key, ast.Constant):
                    yield names[node.func.id], str(key.value)


def test_no_key_is_missing() -> None:
    asked = [(file, *pair) for file, tree in modules() for pair in asked_keys(tree)]
    assert len(asked) > 60
    assert [(str(file), key) for file, catalogue, key in asked if key not in catalogue.sentences("en")] == []


@each_catalogue
def test_every_sentence_is_used(catalogue: Catalogue) -> None:
    """Its key stands in the code or in a template, whole or as the beginning of an f-string."""
    inside = PACKAGES if catalogue in (LEAD_SENTENCES, FINDING_SENTENCES) else (catalogue.package.split(".")[0],)
    whole, heads = set(), set()
    for file, tree in modules():
        if file.relative_to(ROOT).parts[0] not in inside:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                heads.add(str(node.values[0].value))
    for template in (ROOT / "serve" / "pages" / "templates").glob("*.j2"):
        whole.update(re.findall(r"""["'](\w+)["']""", template.read_text(encoding="utf-8")))
    openings = tuple(head for head in heads if re.fullmatch(r"\w+[._]", head))
    assert [key for key in catalogue.sentences("en") if key not in whole and not key.startswith(openings)] == []


def test_every_sentence_about_a_column_is_one_of_a_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    said: set[str] = set()
    words_of = described_features.phrase

    def noted(measure, **parts):
        said.add(measure)
        return words_of(measure, **parts)

    monkeypatch.setattr(described_features, "phrase", noted)
    for source in (ROOT / "sources").glob("*/source.yaml"):
        spec = SourceSpec.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))
        events = {name: family.model_copy(update={"measures": None}) for name, family in spec.events.items()}
        by_stage, nightly = Snapshots(anchor=f"stage:{spec.ladder[0]}"), Snapshots(every="1d", until="30d")
        for snapshots in (spec.snapshots, Snapshots(), by_stage, nightly):
            feature_list(spec.model_copy(update={"snapshots": snapshots, "events": events}), FeatureOptions())
    columns = {key.removeprefix("column.") for key in LEAD_SENTENCES.sentences("en") if key.startswith("column.")}
    assert {key.removesuffix(".none").removesuffix(".zero") for key in columns} == said


def test_two_languages_are_written_nowhere_else() -> None:
    """A pair of German and English texts in the code is a sentence that no translator finds."""
    found = []
    for file, tree in modules():
        for node in ast.walk(tree):
            pair = {}
            if isinstance(node, ast.Dict):
                pair = {k.value: v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)}
            elif isinstance(node, ast.Call):
                pair = {keyword.arg: keyword.value for keyword in node.keywords}
            written = [pair.get(language) for language in LANGUAGES]
            if all(isinstance(text, ast.Constant | ast.JoinedStr) for text in written):
                found.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def test_one_room_knows_babel() -> None:
    users = {
        str(file.relative_to(ROOT).parent)
        for file, tree in modules()
        for node in ast.walk(tree)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        + ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
        if name.split(".")[0] == "babel"
    }
    assert users == {"features/language"}


def test_the_catalogues_are_shipped() -> None:
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert all("catalogues/*" in shipped[catalogue.package] for catalogue in CATALOGUES)


def updated(english: str, german: str, tmp_path: Path) -> str:
    """Do what ``make translations`` does."""
    recipe = (ROOT / "Makefile").read_text().partition("translations: setup")[2].partition("\n\n")[0]
    options = re.search(r"--ignore-pot-creation-date[^|]*", recipe)[0].split()
    (tmp_path / "en.po").write_text(english, encoding="utf-8")
    (tmp_path / "de.po").write_text(german, encoding="utf-8")
    files = ["--input-file", str(tmp_path / "en.po"), "--output-file", str(tmp_path / "de.po")]
    command = [sys.executable, "-m", "babel.messages.frontend", "--quiet", "update", "--locale", "de", *files, *options]
    subprocess.run(command, check=True, capture_output=True)
    return (tmp_path / "de.po").read_text(encoding="utf-8")


def without_tool(text: str) -> str:
    return re.sub(r'"Generated-By: .*\n', "", text)


@each_catalogue
def test_bringing_a_catalogue_up_to_date_changes_nothing_in_one_that_is(catalogue: Catalogue, tmp_path: Path) -> None:
    english, german = ((folder(catalogue) / f"{it}.po").read_text(encoding="utf-8") for it in ("en", "de"))
    assert without_tool(updated(english, german, tmp_path)) == without_tool(german)


def test_what_is_new_or_changed_in_english_waits_for_a_translator(tmp_path: Path) -> None:
    english, german = ((folder(PAGE_SENTENCES) / f"{it}.po").read_text(encoding="utf-8") for it in ("en", "de"))
    changed = english.replace('msgid "Adopt"', 'msgid "Adopt now"') + '\nmsgctxt "new"\nmsgid "Quite new"\nmsgstr ""\n'
    updated(changed, german, tmp_path)
    with (tmp_path / "de.po").open("rb") as stream:
        by_key = {message.context: message for message in read_po(stream, locale="de") if message.id}
    assert by_key["adopt_title"].fuzzy or not by_key["adopt_title"].string
    assert by_key["new"].string == ""
    assert by_key["adopt_help"].string == next(
        m.string for m in messages(PAGE_SENTENCES, "de") if m.context == "adopt_help"
    )
