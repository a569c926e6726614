"""Checks of what became of the leads: stages reached, and whether outcomes suffice for a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from features.answers import Answer
from features.checks import CheckResult
from features.labelling.time_split import SplitOptions
from features.time_units import format_duration
from models.scoring.groups import is_with_sales
from pipeline.check.check import LoadedSource, SourceCheck

FINE_OUTCOMES = 500
"""Outcomes in all from which on the intervals of an evaluation are narrow."""


class StagesReached(SourceCheck):
    """Counts the leads that entered each stage; of a stage that nobody entered nothing can be said."""

    code = "stages"
    title = section = "Stages reached"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Go up the ladder, then through lost and recycled."""
        spec = context.spec
        by_stage = context.stages.groupby("stage")["lead_id"].nunique().to_dict()
        stages = pd.Series([*spec.ladder, *spec.lost, *spec.recycled], dtype="str")
        for stage, with_sales in zip(stages, is_with_sales(stages, spec).tolist(), strict=True):
            leads = int(by_stage.get(stage, 0))
            answer = Answer.PASSED if leads else Answer.UNCHECKED
            figures = {"stage": stage, "leads": leads, "with_sales": with_sales}
            line = f"{stage:<16}{leads:>10,} leads" + ("  with sales" if with_sales else "")
            yield self.answered(answer, line, subject=stage, figures=figures)
        if not is_with_sales(stages, spec).any():
            yield self.unchecked(
                "No rung is with sales; say in ladder where sales has the lead: {stage: NAME, with_sales: true}"
            )


class OutcomesSuffice(SourceCheck):
    """Counts each target's outcomes at the first look, and says what they are enough for."""

    code = "targets"
    title = section = "Outcomes"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Look at each target."""
        settings, labels = context.settings, context.labels
        for name in sorted(context.spec.targets):
            target, rows = context.spec.target(name), labels[(labels["target"] == name) & labels["at_risk"]]
            yes, no = int((rows["y"] == 1).sum()), int((rows["y"] == 0).sum())
            share = training_share(rows.loc[rows["y"].notna(), "as_of_us"], settings.split)
            answer, why = enough(min(yes, no), training_share=share, min_outcomes=settings.model.min_outcomes)
            figures = {
                "target": name,
                "stage": target.stage,
                "horizon": None if context.spec.unknown_times else format_duration(target.horizon),
                "yes": yes,
                "no": no,
                "too_young": int(rows["y"].isna().sum()),
                "answer": why,
            }
            yield self.answered(answer, why, subject=name, figures=figures)

    def lines(self, results: Sequence[CheckResult]) -> list[str]:
        """Return two lines a target: the counts, and what they are enough for."""
        lines = []
        for result in results:
            figures = result.figures
            young = "too young to tell" if figures["horizon"] else "too late in the export to tell"
            lines += [
                f"{figures['target']}: {goal_words(figures)}: {figures['yes']:,} yes, {figures['no']:,} no, "
                f"{figures['too_young']:,} {young}",
                f"  enough? {result.sentence}",
            ]
        return lines


def goal_words(figures: Mapping[str, Any]) -> str:
    """Return a target in words, with its horizon where the export tells when leads got there."""
    return f"{figures['stage']} within {figures['horizon']}" if figures["horizon"] else str(figures["stage"])


def enough(outcomes: int, *, training_share: float, min_outcomes: int) -> tuple[Answer, str]:
    """Say what a number of outcomes is enough for.

    Parameters
    ----------
    outcomes : int
        Leads of the rarer kind: with the outcome, or without.
    training_share : float
        Part of the leads that the split leaves for training, 0 to 1.
    min_outcomes : int
        Outcomes in training below which the base rate is all that is forecast (``model.min_outcomes``).

    Returns
    -------
    answer : Answer
        Passed where a model can be trained.
    why : str
        ``none``, ``rates only``, ``weak`` or ``fine``, and why. An estimate: outcomes are spread over time as leads
        are, and no row falls to the embargo.

    Examples
    --------
    >>> enough(20, training_share=0.5, min_outcomes=20)[1]
    'rates only: about 10 of 20 outcomes fall into training (50% of the leads), a model needs 20 there'
    """
    training = round(outcomes * training_share)
    estimate = f"about {training:,} of {outcomes:,} outcomes fall into training ({training_share:.0%} of the leads)"
    if training == 0:
        return Answer.FAILED, f"none: {estimate}, a model needs {min_outcomes:,} there and a rate at least one"
    if training < min_outcomes:
        return Answer.FAILED, f"rates only: {estimate}, a model needs {min_outcomes:,} there"
    if outcomes < FINE_OUTCOMES:
        more = FINE_OUTCOMES - outcomes
        return Answer.PASSED, f"weak: {estimate}, a model with wide intervals; {more:,} more would steady it"
    return Answer.PASSED, f"fine: {estimate}"


def training_share(first_us: pd.Series, split: SplitOptions) -> float:
    """Return which part of the leads the split leaves for training, by their first looks (µs); no embargo counted.

    Examples
    --------
    >>> round(training_share(pd.Series([1, 2, 3]), SplitOptions(test_share=0.3, calibration_share=0.2)), 2)
    0.56
    """
    before_test = 1 - split.test_share if split.test_from is None else float((first_us < split.test_from).mean())
    too_old = 0.0 if split.train_from is None else float((first_us < split.train_from).mean())
    return max(before_test - too_old, 0.0) * (1 - split.calibration_share)
