"""The report: one file that needs nothing else, that everybody can read, and that says what was found."""

from __future__ import annotations

import base64
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from models.cutoffs.cutoffs import Cutoffs
from pipeline.pages.number_words import percent
from pipeline.runner.stages import StageContext, run_stage
from pipeline.runner.workspace import Workspace

VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """A page as its elements, with the text inside each, and proof that they nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def html_of(context: StageContext) -> str:
    return (context.folder("evaluate") / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(judged_by_points: StageContext) -> Page:
    return Page(html_of(judged_by_points))


def everybody_comes_in(context: StageContext, out: Path) -> StageContext:
    """Judge the same company where every open lead that may be promoted is, by the model alone.

    Which leads a fitted model and its baseline disagree on is chance; that they disagree here is arithmetic.
    """
    shutil.copytree(context.workspace.root, out)
    file = out / "cutoffs" / "cutoffs.json"
    cutoffs = Cutoffs.model_validate_json(file.read_text(encoding="utf-8"))
    unreachable = cutoffs.baseline.model_copy(update={"mql": 1e6, "sal": 1e6})
    changed = cutoffs.model_copy(update={"mql": 0.0, "sal": 0.5, "baseline": unreachable}).with_version()
    file.write_text(changed.model_dump_json(indent=1), encoding="utf-8")
    context = replace(context, workspace=Workspace(out))
    run_stage("evaluate", context, force=True)
    return context


@pytest.fixture(scope="module")
def many_promoted(judged_by_points: StageContext, tmp_path_factory: pytest.TempPathFactory) -> StageContext:
    return everybody_comes_in(judged_by_points, tmp_path_factory.mktemp("many_promoted") / "out")


@pytest.fixture(scope="module")
def many_promoted_without_rules(
    judged_by_naive_bayes: StageContext, tmp_path_factory: pytest.TempPathFactory
) -> StageContext:
    return everybody_comes_in(judged_by_naive_bayes, tmp_path_factory.mktemp("many_without_rules") / "out")


def test_it_needs_no_other_file_and_runs_no_code(judged_by_points: StageContext, page: Page) -> None:
    html = html_of(judged_by_points)
    assert not page.open
    assert not page.all("script")
    assert not page.all("link")
    assert "@import" not in html
    assert "url(" not in html
    for image in page.all("img"):
        kind, _, content = str(image["src"]).partition(";base64,")
        assert kind == "data:image/svg+xml"
        assert b"<svg" in base64.b64decode(content)
    assert all(str(link["href"]).startswith("#") for link in page.all("a"))


def test_it_can_be_read_without_seeing_it(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    images = page.all("img")
    assert len(images) == 5
    assert all(len(str(image["alt"])) > 60 for image in images)
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {str(link["href"])[1:] for link in page.all("a")} <= set(ids)
    # What scrolls sideways can be reached by keyboard and has a name.
    regions = [attributes for tag, attributes in page.elements if tag == "div" and attributes.get("role") == "region"]
    assert regions
    assert all(region["tabindex"] == "0" and region["aria-label"] for region in regions)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def luminance(colour: str) -> float:
    """Return the relative luminance as WCAG 2 defines it."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    linear = []
    for place in (0, 2, 4):
        share = int(digits[place : place + 2], 16) / 255
        linear.append(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["ink", "soft", "good", "bad"])
@pytest.mark.parametrize("background", ["paper", "wash"])
def test_text_stands_out(judged_by_points: StageContext, name: str, background: str) -> None:
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]+)", html_of(judged_by_points)))
    light, dark = sorted((luminance(colours[name]), luminance(colours[background])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_it_says_what_was_found(judged_by_points: StageContext, page: Page) -> None:
    tree = json.loads((judged_by_points.folder("evaluate") / "evaluation.json").read_text())
    assert page.words.count("Yes: on") == 1
    auc = tree["targets"]["sql"]["model"]["auc"]
    assert f"AUC more is better {auc['value']:.3f} {auc['low']:.3f} to {auc['high']:.3f}" in page.words
    assert (
        f"{percent(tree['promoted']['model']['MQL']['precision'])} reached qualification within 30 days" in page.words
    )
    assert "sales followed mostly what the points promoted" in page.words
    assert tree["cutoffs"]["version"] in page.words
    assert "Leads were looked at every night, as the job does." in page.words


def test_what_comes_from_the_source_cannot_become_markup(many_promoted: StageContext) -> None:
    page = Page(html_of(many_promoted))
    change = json.loads((many_promoted.folder("evaluate") / "evaluation.json").read_text())["change"]
    assert change["entering"] > 0
    assert "Small company & sons" in page.words
    # Lead ids look like tags.
    assert re.search(r"<L\d{4}>", page.words)
    assert not [tag for tag, _ in page.elements if re.fullmatch(r"l\d{4}", tag)]


def test_without_rules_it_says_so(judged_by_naive_bayes: StageContext) -> None:
    words = Page(html_of(judged_by_naive_bayes)).words
    assert "This source has no points rules; naive Bayes on field values, as Odoo computes it" in words
    assert "without rules: as many as a quarter of the leads that come in as MQL" in words
    assert "the points" not in words.lower()


def test_too_few_outcomes_are_a_plain_no(too_few_outcomes: StageContext) -> None:
    words = Page(html_of(too_few_outcomes)).words
    assert "Not yet: the history holds too few outcomes" in words
    assert "too few outcomes to train a model" in words


def test_every_group_is_said_with_its_verdict(judged_by_points: StageContext, page: Page) -> None:
    tree = json.loads((judged_by_points.folder("evaluate") / "evaluation.json").read_text())["targets"]
    for target in tree.values():
        groups = pd.DataFrame(target["by_group"])
        assert {"band", "segment", "month"} <= set(groups["dimension"])
        for (_, column), part in groups.groupby(["dimension", "column"]):
            # every way of dividing divides the same leads' rows: their mean forecasts lie around that of all
            assert part["forecast"].min() <= target["rate"] * 3, column
            assert part["leads"].max() <= target["leads"]
            assert part["leads"].sum() >= target["leads"]
        counts = target["agreement"]
        assert counts["groups"] == len(groups) == sum(count for name, count in counts.items() if name != "groups")
        told = counts["groups"] - counts["too_few_to_tell"]
        said = f"{counts['agrees']} of the {told} groups that can be told agree"
        assert (said if told else f"None of the {len(groups)} groups holds enough leads to tell") in page.words
        assert all(row["due_low"] <= row["forecast"] <= row["due_high"] for row in target["reliability"])


def test_it_says_which_level_answered_and_what_more_would_bring(
    judged_by_points: StageContext, page: Page, too_few_outcomes: StageContext
) -> None:
    tree = json.loads((judged_by_points.folder("evaluate") / "evaluation.json").read_text())
    answer, curve = tree["targets"]["sql"]["answer"], tree["learning"]
    said = {"model": "the model, learned from {outcomes} outcomes", "shrunken": "it learned from {outcomes} outcomes"}
    assert said[answer["level"]].format(**answer) in page.words
    assert (answer["level"] == "model") == (answer["slope"] >= 0.75)
    assert len(curve["points"]) >= 2
    assert f"The next {curve['next_outcomes']} outcomes would make log loss" in page.words
    few = json.loads((too_few_outcomes.folder("evaluate") / "evaluation.json").read_text())
    assert few["learning"] is None
    answer = few["targets"]["sql"]["answer"]
    words = Page(html_of(too_few_outcomes)).words
    assert f"{answer['outcomes']} outcomes are too few to tell leads apart" in words
    assert f"{answer['missing_outcomes']:,} more are needed" in words


def test_pictures_have_their_data_beside_them(judged_by_points: StageContext) -> None:
    plots = judged_by_points.folder("evaluate") / "plots"
    names = {"gain", "importance", "learning", "precision_volume", "reliability"}
    assert {file.stem for file in plots.glob("*.png")} == {file.stem for file in plots.glob("*.json")} == names
    for name in names - {"importance", "learning"}:
        rows = json.loads((plots / f"{name}.json").read_text(), parse_constant=pytest.fail)
        assert {row["scorer"] for row in rows} == {"model", "baseline"}
    assert (plots / "gain.png").read_bytes().startswith(b"\x89PNG")


def test_the_headline_names_the_outcomes_it_rests_on(judged_by_points: StageContext, page: Page) -> None:
    tree = json.loads((judged_by_points.folder("evaluate") / "evaluation.json").read_text())["targets"]["sql"]
    assert (
        f"{tree['leads']:,} later leads that it had never seen, {tree['outcomes']:,} of which got there" in page.words
    )


def test_no_promotion_leads_to_itself_and_few_times_have_no_median(judged_by_points: StageContext, page: Page) -> None:
    conversion = json.loads((judged_by_points.folder("evaluate") / "evaluation.json").read_text())["conversion"]
    assert "SAL" in conversion["model"]["SAL"]  # still in the file for machines
    rows = re.findall(
        r"(MQL|SAL) (?:model|points) [\d.–]+ (\w+) in \d+ days (\S+ %|–) [\d –to%]+ ([\d.]+|–)", page.words
    )
    assert {(band, stage) for band, stage, *_ in rows} == {
        ("MQL", "SAL"), ("MQL", "SQL"), ("MQL", "WON"), ("SAL", "SQL"), ("SAL", "WON"),
    }  # fmt: skip


def test_without_points_no_column_of_log_odds(
    many_promoted: StageContext, many_promoted_without_rules: StageContext
) -> None:
    assert "Lead Probability Points Band Why" in Page(html_of(many_promoted)).words
    assert "Lead Probability Band Why" in Page(html_of(many_promoted_without_rules)).words
