"""The short table a run ends with: model against baseline on the test period, cut-offs, and where the report is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from features.unknown_times import notice
from models.cutoffs.cutoffs import Cutoffs
from models.scoring.run_about import RunAbout
from pipeline.outputs.evaluation_file import read_evaluation, report_file
from pipeline.outputs.score_file import read_score_summary
from pipeline.outputs.test_looks import count_test_looks
from pipeline.pages.cutoff_words import asked, stated
from pipeline.pages.number_words import within_days
from pipeline.receipt.signing_state import standing_of
from pipeline.receipt.stage import receipt_files, receipt_of
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import StageContext

_METRICS = {
    "auc": "AUC (higher is better)",
    "ap": "average precision (higher)",
    "lift10": "lift in the top tenth (higher)",
    "log_loss": "log loss (lower)",
    "brier": "Brier score (lower)",
    "ece": "calibration error (lower)",
}


def summary_table(out: Path) -> str:
    """Return the result of the run in ``out`` as text.

    Raises
    ------
    InputError
        If nothing was evaluated there.
    """
    context = open_run(out)
    evaluation = read_evaluation(context)
    console = Console(width=110, highlight=False)
    with console.capture() as capture:
        console.print(verdict_sentence(evaluation), soft_wrap=True, markup=False)
        for name, target in evaluation["targets"].items():
            console.print(_metrics_table(name, target, evaluation["baseline"]))
            console.print(agreement_line(target), soft_wrap=True, markup=False)
        lacking = notice(context.spec().unknown_times)
        if lacking is not None:
            console.print(f"{lacking}.", soft_wrap=True, markup=False)
        console.print(learning_line(evaluation), soft_wrap=True, markup=False)
        console.print(_promotion_table(evaluation))
        console.print(looks_at_test_line(count_test_looks(context)), soft_wrap=True, markup=False)
        _print_receipt(console, context)
        _print_scores(console, context)
        console.print(f"Report: {report_file(context).resolve()}", soft_wrap=True, markup=False)
    return capture.get()


def verdict_sentence(evaluation: dict[str, Any]) -> str:
    """Return in one sentence whether the model may take the baseline's place.

    Parameters
    ----------
    evaluation : dict
        As in ``evaluation.json``.
    """
    primary = evaluation["targets"][evaluation["target"]]
    base = "the points" if evaluation["baseline"] == "points" else "naive Bayes"
    rests_on = f"on {primary['leads']:,} test leads, {primary['outcomes']:,} of them with the outcome"
    ranked, loss = primary["difference"]["ap"], primary["difference"]["log_loss"]
    if evaluation["beats_baseline"]:
        return f"Verdict: the model beats {base} ({rests_on})."
    if primary["level"] != "model":
        return f"Verdict: too few outcomes to learn from, every lead gets the average; {base} should go on deciding."
    if _sure(ranked["high"], below=True) or _sure(loss["low"], below=False):
        return f"Verdict: the model does worse than {base} ({rests_on}); {base} should go on deciding."
    return f"Verdict: the model has not been shown to beat {base} ({rests_on}); use it with care."


def looks_at_test_line(looks: int) -> str:
    """Return how many models the test period has judged, and what that means for its figures.

    Examples
    --------
    >>> looks_at_test_line(1)
    'The test period has judged 1 model: its figures are a first look.'
    """
    if looks <= 1:
        return f"The test period has judged {looks} model: its figures are a first look."
    return (
        f"The test period has judged {looks} models: each further look makes its figures a little too good. To compare "
        "settings, 'leadscore cv' looks at earlier leads only."
    )


def agreement_line(target: dict[str, Any]) -> str:
    """Return which level answered for a target and in how many groups its percentages held.

    Examples
    --------
    >>> agreement_line({"answer": {"level": "model", "outcomes": 812},
    ...     "agreement": {"groups": 40, "agrees": 30, "too_high": 2, "too_low": 0, "too_few_to_tell": 8}})
    'Answered by the model, from 812 outcomes; 30 of 32 groups agree with the forecast (2 too high), 8 too few to tell'
    """
    answer, counts = target["answer"], target["agreement"]
    level = {"model": "the model", "shrunken": "the model drawn towards the base rate", "rate": "the base rate"}
    wrong = [f"{counts[key]} {key.replace('_', ' ')}" for key in ("too_high", "too_low") if counts[key]]
    judged_groups = counts["groups"] - counts["too_few_to_tell"]
    noted = f" ({', '.join(wrong)})" if wrong else ""
    return (
        f"Answered by {level[answer['level']]}, from {answer['outcomes']:,} outcomes; {counts['agrees']} of "
        f"{judged_groups} groups agree with the forecast{noted}, "
        f"{counts['too_few_to_tell']} too few to tell"
    )


def learning_line(evaluation: dict[str, Any]) -> str:
    """Return what the next outcomes would bring for the primary target."""
    curve = evaluation["learning"]
    if curve is None:
        return "Too few outcomes to say what more of them would bring"
    gain = curve["log_loss_gain"]
    return (
        f"The next {curve['next_outcomes']} outcomes: log loss {gain['low']:.4f} to {gain['high']:.4f} better, "
        f"{curve['worth']}"
    )


def _sure(bound: float | None, *, below: bool) -> bool:
    return bound is not None and (bound < 0 if below else bound > 0)


def _metrics_table(name: str, target: dict[str, Any], baseline: str) -> Table:
    table = Table(
        title=(
            f"{target['stage']}{within_days(target['horizon_days'])}: test period, {target['leads']:,} leads, "
            f"{target['rows']:,} snapshots, {target['outcomes']:,} leads with the outcome"
        ),
        title_justify="left",
        caption="95 % intervals by lead",
        caption_justify="left",
    )
    table.add_column(f"target {name}")
    for head in ("model", baseline.replace("_", " "), "difference"):
        table.add_column(head, justify="right")
    for metric, title in _METRICS.items():
        cells = [_interval(target[side][metric]) for side in ("model", "baseline", "difference")]
        table.add_row(title, *cells)
    return table


def _interval(value: dict[str, Any]) -> str:
    if value["value"] is None:
        return "–"
    if value["low"] is None or value["high"] is None:
        return f"{value['value']:.3f}"
    return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


def _promotion_table(evaluation: dict[str, Any]) -> Table:
    table = Table(title=f"Promoted in the test period (target {evaluation['target']})", title_justify="left")
    for head in ("", "cut-off", "leads", "a week", "stated", "reached the target", "stated"):
        table.add_column(head, justify="right" if head else "left")
    cutoffs = Cutoffs.model_validate(evaluation["cutoffs"])
    shown = {"model": cutoffs.at, "baseline": cutoffs.baseline.at}
    for side, label in (("model", "model"), ("baseline", evaluation["baseline"].replace("_", " "))):
        for band, cutoff in shown[side].items():
            row = evaluation["promoted"][side][band]
            said = cutoffs.statements.of(band) if side == "model" else None
            table.add_row(
                f"{label} {band}",
                f"{cutoff:.3f}" if side == "model" else f"{cutoff:g}",
                f"{row['leads']:,.0f}",
                f"{row['per_week']:.1f}",
                stated(said, "leads_per_week"),
                _share(row),
                stated(said, "precision"),
            )
    lines = [f"{band} asked: {asked(said, cutoffs.volumes.of(band))}" for band, said in cutoffs.statements.items()]
    sure = f"stated: for the 13 weeks after the calibration period, {cutoffs.confidence:.0%} sure"
    table.caption, table.caption_justify = "\n".join([*lines, sure]), "left"
    return table


def _share(row: dict[str, Any]) -> str:
    if row["precision"] is None:
        return "–"
    return f"{row['precision']:.0%} [{row['low']:.0%}, {row['high']:.0%}]"


def _print_receipt(console: Console, context: StageContext) -> None:
    if not context.has("receipt"):
        return
    sealed, (_, page) = receipt_of(context), receipt_files(context)
    summary = f"{sealed.receipt.verdict.sentence} Champion: {standing_of(sealed).sentence}."
    console.print(f"Receipt: {summary}", soft_wrap=True, markup=False)
    console.print(f"Receipt for both teams: {page.resolve()}", soft_wrap=True, markup=False)


def _print_scores(console: Console, context: StageContext) -> None:
    if not context.has("score"):
        return
    about = RunAbout.model_validate(read_score_summary(context))
    console.print(f"Open leads scored: {about.leads:,} = {counted(about)}", markup=False, soft_wrap=True)
    if about.decision is not None:
        console.print(about.decision.words().en, markup=False, soft_wrap=True)
    if not about.leads:
        console.print(
            "No lead is open: each is won, lost or older than snapshots.until. A lead without an outcome is scored as "
            "soon as the export holds one.",
            soft_wrap=True,
        )


def counted(about: RunAbout) -> str:
    """Return what the open leads of a run are, in numbers that add up to all of them."""
    parts = [
        (about.bands["SAL"], "SAL"),
        (about.bands["MQL"], "MQL"),
        (about.bands["none"], "not promoted yet"),
        (about.excluded, "excluded by rule"),
        (about.with_sales, "with sales already"),
        (about.reached, f"at {about.goal.stage} already"),
    ]
    return " + ".join(f"{count:,} {name}" for count, name in parts)
