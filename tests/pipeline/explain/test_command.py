"""The letter to a person: nothing in it needs a column's name to be understood, and its sums are right."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from features.errors import InputError
from features.language.languages import LANGUAGES, Language
from pipeline.explain.command import explained
from pipeline.settings.settings import parse_overrides

GROUPS = ("none", "MQL", "SAL", "excluded", "with_sales", "reached")
SET = parse_overrides(
    [
        "controller.name=Werk GmbH",
        "controller.address=Weg 1",
        "controller.contact=datenschutz@werk.example",
        "retention.scores=730d",
        "retention.facts=365d",
    ]
)


@pytest.fixture(scope="module")
def leads(demo_run: Path) -> pd.DataFrame:
    """Up to three scored leads of each group that there is."""
    scores = pd.read_parquet(demo_run / "score" / "scores.parquet")
    some: pd.DataFrame = scores.groupby("counted_as").head(3)
    assert some["counted_as"].nunique() >= 4
    return some


def section(text: str, number: int) -> str:
    return text.partition(f"## {number}. ")[2].partition("\n## ")[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_says_everything_in_words(demo_run: Path, leads: pd.DataFrame, language: Language) -> None:
    for lead_id in leads["lead_id"]:
        text = explained(demo_run, lead_id, language=language, overrides=SET)
        assert [section(text, number).strip() != "" for number in range(1, 10)] == [True] * 9
        for line in text.splitlines():
            assert re.findall(r"(?<![\w@.-])[a-z]+(?:_[a-z0-9]+)+(?![\w@])", line) == [], line
            assert len(line) <= 96 or line.startswith("|")
        outside = text.replace(section(text, 7), "")
        assert not re.search(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b", outside)
        assert "params.yaml" not in text
        assert "datenschutz@werk.example" in section(text, 9)
        assert "730" in section(text, 8)
        assert "None" not in text
        assert "nan" not in text.split()


def test_what_is_not_set_says_where_it_belongs(demo_run: Path, leads: pd.DataFrame) -> None:
    for language in LANGUAGES:
        text = explained(demo_run, leads["lead_id"].iloc[0], language=language)
        for number, key in ((8, "retention:"), (9, "controller:")):
            assert "params.yaml" in section(text, number)
            assert key in section(text, number)


def test_the_parts_add_up_to_the_result(demo_run: Path, leads: pd.DataFrame) -> None:
    weighed = leads[~leads["reached"]]
    for row in weighed.itertuples():
        table = section(explained(demo_run, row.lead_id, language="en"), 4)
        figures = [cell.replace("\N{MINUS SIGN}", "-") for cell in re.findall(r"\|\s+(\S+) \|$", table, re.MULTILINE)]
        start, *effects, result = map(float, figures[1:] if figures[0] == "points" else figures)
        assert result == pytest.approx(100 * row.p_sql, abs=0.051)
        assert start + sum(effects) == pytest.approx(result, abs=0.05 * (len(effects) + 2))


def test_the_persons_own_values_stand_in_it(demo_run: Path, leads: pd.DataFrame) -> None:
    people = pd.read_parquet(demo_run / "ingest" / "leads.parquet").set_index("lead_id")
    for lead_id in leads["lead_id"]:
        text = " ".join(explained(demo_run, lead_id, language="de").split())
        assert people.loc[lead_id, "email"] in text


def test_json_holds_the_same(demo_run: Path, leads: pd.DataFrame) -> None:
    lead_id = leads["lead_id"].iloc[0]
    tree = json.loads(explained(demo_run, lead_id, as_json=True))
    assert tree["lead_id"] == lead_id
    assert all(reason["en"] and reason["de"] for reason in tree["reasons"])
    letter = json.loads(explained(demo_run, lead_id, language="de", as_json=True))
    assert letter["markdown"] == explained(demo_run, lead_id, language="de")
    assert len(letter["sections"]) == 9


def test_the_text_for_colleagues_names_every_reason(demo_run: Path, leads: pd.DataFrame) -> None:
    for row in leads.itertuples():
        text = explained(demo_run, row.lead_id)
        assert text.startswith(f"{row.lead_id}: {row.counted_as}")
        assert row.run_id in text


def test_nobody_and_nowhere_are_said(demo_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a lead that has a score"):
        explained(demo_run, "nobody")
    with pytest.raises(InputError, match="a score store"):
        explained(tmp_path, "nobody")
    assert list(tmp_path.iterdir()) == []


def test_a_letter_is_written_without_loading_tables_or_models(demo_run: Path, leads: pd.DataFrame) -> None:
    """A person who asks is answered within a second, of which pandas alone would take half."""
    unneeded = {"lightgbm", "models.forecast", "pandas", "pyarrow.dataset", "scipy", "sqlalchemy.orm"}
    code = (
        "import sys; from pathlib import Path; from pipeline.explain.command import explained\n"
        f"text = explained(Path({str(demo_run)!r}), {leads['lead_id'].iloc[0]!r}, language='de')\n"
        f"print(len(text) > 1000, sorted({unneeded} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "True []"
