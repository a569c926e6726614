"""The report for people: one HTML file with everything inside, and its pictures with their data beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.unknown_times import notice
from models.calibration.by_group import RULE as GROUP_RULE
from models.evaluation.beats_baseline import RULE
from models.evaluation.target_evaluation import BASELINE, MODEL, SCORERS, TargetEvaluation
from models.measures.metrics import METRICS, Metric
from pipeline.evaluate.evaluation import Evaluation, JudgedTarget
from pipeline.evaluate.report.figures import (
    gain_figure,
    importance_figure,
    learning_figure,
    precision_volume_figure,
    reliability_figure,
)
from pipeline.evaluate.report.funnel import funnel_rows
from pipeline.evaluate.report.grades import grade_rows
from pipeline.evaluate.report.groups import agreement_sentence, group_blocks
from pipeline.evaluate.report.learning import curve_rows, gain_sentence, level_sentences
from pipeline.evaluate.report.segments import segment_table
from pipeline.evaluate.report.words import FAMILIES, follow_up_note, promoted_sentence, the_baseline, verdict
from pipeline.outputs.evaluation_file import PLOTS_FOLDER, REPORT_FILE
from pipeline.pages.cutoff_words import asked, stated
from pipeline.pages.environment import environment
from pipeline.pages.figures import draw
from pipeline.pages.number_words import (
    bounds,
    number,
    percent,
    signed,
    subject_title,
    target_title,
    within_horizon,
)


@dataclass(frozen=True)
class Picture:
    """One picture of the report: its data for machines, its PNG for a gallery, its SVG for the page."""

    rows: list[dict[str, Any]]
    png: bytes
    svg: bytes

    @property
    def uri(self) -> str:
        """The SVG as it stands inside a page."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode("ascii")


def write_report(evaluation: Evaluation, out: Path) -> None:
    """Write ``report.html`` and, in ``plots/``, each picture as PNG and its data as JSON."""
    pictures = draw_pictures(evaluation)
    plots = out / PLOTS_FOLDER
    plots.mkdir()
    for name, picture in pictures.items():
        (plots / f"{name}.png").write_bytes(picture.png)
        (plots / f"{name}.json").write_text(json.dumps(picture.rows, indent=1) + "\n", encoding="utf-8")
    (out / REPORT_FILE).write_text(render(evaluation, pictures), encoding="utf-8")


def draw_pictures(evaluation: Evaluation) -> dict[str, Picture]:
    """Draw the pictures of the primary target."""
    result = evaluation.primary.result
    names = {MODEL: "model", BASELINE: evaluation.baseline_name}
    shown = evaluation.importance.subjects
    titles = {
        f"{row.family}.{row.subject}": subject_title(evaluation.spec, str(row.family), str(row.subject))
        for row in shown.itertuples()
    }
    curves = {scorer: evaluation.promotions.volumes[scorer].curve for scorer in SCORERS}
    drawn = {
        "reliability": (_stacked(result.reliability), reliability_figure(result.reliability, names)),
        "gain": (_stacked(result.gain), gain_figure(result.gain, names)),
        "precision_volume": (_stacked(curves), precision_volume_figure(evaluation.promotions.volumes, names)),
        "importance": (_records(shown), importance_figure(shown, titles)),
    }
    if evaluation.learning is not None:
        points = evaluation.learning.points
        drawn["learning"] = (_records(points), learning_figure(points))
    return {name: Picture(rows, draw(figure, "png"), draw(figure, "svg")) for name, (rows, figure) in drawn.items()}


def render(evaluation: Evaluation, pictures: dict[str, Picture]) -> str:
    """Return the report as one HTML page that needs nothing else."""
    spec, cutoffs = evaluation.spec, evaluation.cutoffs
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            e=evaluation,
            result=evaluation.primary.result,
            base=evaluation.baseline_name,
            the_base=the_baseline(evaluation),
            goal=target_title(spec, cutoffs.target),
            within=within_horizon(spec, cutoffs.target),
            lacking_times=notice(spec.unknown_times),
            verdict=verdict(evaluation),
            promoted=promoted_sentence(evaluation),
            follow_up_note=follow_up_note(evaluation),
            rule=RULE,
            uri={name: picture.uri for name, picture in pictures.items()},
            measures=[_measures(evaluation, judged) for judged in evaluation.targets.values()],
            funnel=funnel_rows(evaluation.promotions, evaluation.baseline_name, timed=spec.unknown_times is None),
            test=evaluation.data.part(cutoffs.target, "test"),
            families=[
                (FAMILIES[family], percent(share))
                for family, share in evaluation.importance.families[["family", "share"]].to_numpy()
            ],
            segments=[segment_table(spec, *segment) for segment in evaluation.open_leads.change.segments],
            groups=[_groups(evaluation, name) for name in evaluation.targets],
            group_rule=GROUP_RULE,
            levels=level_sentences(evaluation),
            gain=gain_sentence(evaluation),
            curve=curve_rows(evaluation),
            grades=grade_rows(evaluation.grades),
            target_titles={name: target_title(spec, name) for name in evaluation.targets},
            number=number,
            signed=signed,
            percent=percent,
            asked=asked,
            stated=stated,
        )
    )


def _groups(evaluation: Evaluation, target: str) -> dict[str, Any]:
    return {
        "title": f"{target_title(evaluation.spec, target)}{within_horizon(evaluation.spec, target)}",
        "sentence": agreement_sentence(evaluation.targets[target].groups),
        "blocks": group_blocks(evaluation, target),
    }


def _measures(evaluation: Evaluation, judged: JudgedTarget) -> dict[str, Any]:
    result = judged.result
    title = target_title(evaluation.spec, result.target)
    return {
        "title": f"{title}{within_horizon(evaluation.spec, result.target)}",
        "result": result,
        "level": judged.level,
        "rows": [_measure(result, metric) for metric in METRICS],
    }


def _measure(result: TargetEvaluation, metric: Metric) -> dict[str, str]:
    digits = 2 if metric.key == "lift10" else 3
    model, base = (result.comparison.interval(scorer, metric.key) for scorer in SCORERS)
    gap = result.comparison.difference(MODEL, BASELINE, metric.key)
    better, worse = (gap.low > 0, gap.high < 0) if metric.more_is_better else (gap.high < 0, gap.low > 0)
    return {
        "name": metric.name,
        "direction": "more is better" if metric.more_is_better else "less is better",
        "model": number(model.value, digits),
        "model_bounds": bounds(model, digits),
        "base": number(base.value, digits),
        "base_bounds": bounds(base, digits),
        "gap": signed(gap.value, digits),
        "gap_bounds": bounds(gap, digits, with_sign=True),
        "word": "model better" if better else "model worse" if worse else "no clear difference",
        "kind": "better" if better else "worse" if worse else "open",
    }


def _stacked(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return the tables of both scorers as rows, each saying whose it is."""
    rows: list[dict[str, Any]] = []
    for scorer in SCORERS:
        rows.extend({"scorer": scorer, **row} for row in _records(tables[scorer]))
    return rows


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    objects = table.astype(object).where(table.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in objects.to_dict("records")]
