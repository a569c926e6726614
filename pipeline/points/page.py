"""The page about a compiled points table, and the table that the command prints."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.table import Table

from models.bands import BANDS
from models.compiled_points.gain_kept import COMPILED, MODEL, TODAY
from models.measures.bootstrap import Interval
from models.measures.metrics import METRICS
from models.rules.points_reasons import condition_words
from pipeline.pages.environment import environment
from pipeline.pages.number_words import bounds, number, percent, percent_bounds, signed, target_title
from pipeline.points.compile_run import JudgedPoints
from pipeline.points.files import probability_pairs

DIGITS = 3


def page(judged: JudgedPoints) -> str:
    """Return ``points.html``: the table, what it loses and gains, its cut-offs and what points mean."""
    cutoffs = judged.compiled.rules.cutoffs
    return (
        environment()
        .get_template("points.html.j2")
        .render(
            title=judged.spec.title.en,
            target=target_title(judged.spec, judged.cutoffs.target),
            today=judged.baseline.name,
            kept=kept_sentence(judged),
            leads=f"{judged.leads:,}",
            outcomes=f"{judged.outcomes:,}",
            rules=rule_rows(judged),
            metrics=_metric_rows(judged),
            promoted=_promoted_rows(judged),
            cutoffs=[
                {
                    "band": band,
                    "points": f"{points:g}",
                    "asked": number(judged.volumes[band][0], 1),
                    "got": number(judged.volumes[band][1], 1),
                }
                for band, points in cutoffs.at.items()
            ],
            excluded=[
                exclusion.words.en if exclusion.words is not None else exclusion.name
                for exclusion in (*judged.spec.exclusions, *judged.compiled.rules.exclusions)
            ],
            gates=[condition_words(condition, judged.spec).en for condition in judged.compiled.rules.gates.SAL],
            probability=[(f"{points}", percent(chance, 1)) for points, chance in probability_pairs(judged)],
        )
    )


def kept_sentence(judged: JudgedPoints) -> str:
    """Return in one sentence how much of the model's gain the table keeps."""
    today = "today's points" if judged.baseline.kind == "points" else "naive Bayes"
    if judged.kept is None:
        return (
            f"On the test period the model does not come before {today} in average precision: there is no gain to keep."
        )
    low, high = judged.kept.low, judged.kept.high
    interval_words = (
        f"95 % interval {_rounded_down(low)} to {_rounded_down(high)}"
        if math.isfinite(low + high)
        else "too few to bound it"
    )
    rules, share = len(judged.compiled.table), _rounded_down(judged.kept.value)
    return f"{rules} rules keep {share} of the model's gain over {today} ({interval_words})."


def last_line(gain_share: Interval | None) -> str:
    """Return the line the command ends with; the share is rounded down.

    Examples
    --------
    >>> last_line(Interval(0.8399, 0.7, 0.9)), last_line(None)
    ('gain kept: 83 %', 'gain kept: not defined')
    """
    return "gain kept: not defined" if gain_share is None else f"gain kept: {_rounded_down(gain_share.value)}"


def terminal_table(judged: JudgedPoints) -> str:
    """Return the rules and what they are worth as text."""
    console = Console(width=110, highlight=False)
    rules = Table(title=f"Points distilled from the model of {judged.spec.name}", title_justify="left")
    rules.add_column("rule")
    for head in ("points", "most", "leads"):
        rules.add_column(head, justify="right")
    for row in rule_rows(judged):
        rules.add_row(row["words"], row["points"], row["most"], row["share"])
    measures = Table(
        title=f"Test period: {judged.leads:,} leads, {judged.outcomes:,} with the outcome", title_justify="left"
    )
    measures.add_column("")
    for head in ("model", judged.baseline.name, "compiled", "less model", f"less {judged.baseline.name}"):
        measures.add_column(head, justify="right")
    for row in (*_metric_rows(judged), *_promoted_rows(judged)):
        measures.add_row(
            row["name"], row["model"], row["today"], row["compiled"],
            f"{row['loss']} {row['loss_bounds']}".strip(), f"{row['gain']} {row['gain_bounds']}".strip(),
        )  # fmt: skip
    cutoffs = judged.compiled.rules.cutoffs
    with console.capture() as capture:
        console.print(rules, measures)
        console.print(f"Cut-offs: MQL {cutoffs.MQL:g}, SAL {cutoffs.SAL:g} points", markup=False)
        console.print(kept_sentence(judged), markup=False, soft_wrap=True)
    return capture.get()


def rule_rows(judged: JudgedPoints) -> list[dict[str, str]]:
    """Lay the rules out: words, points, how much at most, and whom they concern."""
    rows = []
    for words, points, most, share in judged.compiled.table[["words", "points", "most", "share"]].to_numpy():
        each = " each" if most != points else ""
        rows.append(
            {
                "words": str(words),
                "points": signed(float(points), 0) + each,
                "most": signed(float(most), 0),
                "share": percent(float(share)),
            }
        )
    return rows


def _metric_rows(judged: JudgedPoints) -> list[dict[str, str]]:
    compared = judged.comparison
    rows = []
    for metric in METRICS:
        loss = compared.difference(COMPILED, MODEL, metric.key)
        gain = compared.difference(COMPILED, TODAY, metric.key)
        digits = 2 if metric.key == "lift10" else DIGITS
        rows.append(
            {
                "name": f"{metric.name} ({'more' if metric.more_is_better else 'less'} is better)",
                **{who: number(compared.values[who][metric.key], digits) for who in (MODEL, TODAY, COMPILED)},
                "loss": signed(loss.value, digits),
                "loss_bounds": bounds(loss, digits, with_sign=True),
                "gain": signed(gain.value, digits),
                "gain_bounds": bounds(gain, digits, with_sign=True),
            }
        )
    return rows


def _promoted_rows(judged: JudgedPoints) -> list[dict[str, Any]]:
    rows = []
    for band in BANDS:
        loss, gain = judged.promoted_gaps[MODEL, band], judged.promoted_gaps[TODAY, band]
        shown = {who: judged.promoted[who, band] for who in (MODEL, TODAY, COMPILED)}
        rows.append(
            {
                "name": f"Promoted to {band} that get there (more is better)",
                **{who: f"{percent(result['precision'])} of {result['leads']:,.0f}" for who, result in shown.items()},
                "loss": _points(loss),
                "loss_bounds": percent_bounds(loss),
                "gain": _points(gain),
                "gain_bounds": percent_bounds(gain),
            }
        )
    return rows


def _points(gap: Interval) -> str:
    return f"{signed(100 * gap.value, 0)} %" if math.isfinite(gap.value) else number(gap.value, 0)


def _rounded_down(share: float) -> str:
    return percent(math.floor(100 * share + 1e-9) / 100)
