"""How a receipt says things: the verdict in a sentence, what is missing, what to do next, what it cannot tell."""

from __future__ import annotations

import math

from features.unknown_times import ROWS_A_MONTH, ROWS_A_WEEK, notice
from models.bands import BANDS
from pipeline.receipt.compare_at_depth import Scorer
from pipeline.receipt.contents import Estimate, Measured, TestSetup

NAMES: dict[Scorer, str] = {"model": "model", "points": "points", "naive_bayes": "naive Bayes"}
THE: dict[Scorer, str] = {"model": "the model", "points": "the points", "naive_bayes": "naive Bayes"}
FEW = 10
"""Below this, numbers a month keep one decimal."""
STAND_IN = (
    "This source has no points rules, so nobody knows how deep the team works. Naive Bayes on field values stands in "
    "and sets the depth: a quarter of the leads that come in to MQL and a tenth to SAL, unless cutoffs.policy says "
    "otherwise."
)
MOST_WEEKS = 520
"""More weeks than ten years' are not worth telling."""


def outcomes_word(measured: Measured) -> str:
    """Return what is found: ``SQLs``, or ``deals`` where the target is the deal."""
    return "deals" if measured.asked.target == "close" else f"{measured.asked.stage}s"


def a_month(asked: TestSetup) -> str:
    """Return the stretch that numbers are told for: a month, or as many rows where these stand for the time."""
    return f"in {ROWS_A_MONTH} rows" if asked.unknown_times == "all" else "a month"


def a_week(asked: TestSetup) -> str:
    """Return the shorter stretch that numbers are told for: a week, or as many rows where these stand for the time."""
    return f"in {ROWS_A_WEEK} rows" if asked.unknown_times == "all" else "a week"


def same_weeks(asked: TestSetup) -> str:
    """Return among whom the scorers choose, in words that follow *as many leads*."""
    return f"in the same {ROWS_A_WEEK} rows" if asked.unknown_times == "all" else "in the same weeks"


def whole(value: float | None) -> str:
    """Return a number of leads.

    Examples
    --------
    >>> whole(1234.0), whole(None)
    ('1,234', '–')
    """
    return "–" if value is None else f"{value:,.0f}".replace("-", "−")


def range_words(interval: Estimate) -> str:
    """Return an interval of a difference in words: how many more or fewer.

    Examples
    --------
    >>> range_words(Estimate(value=6, low=3.2, high=9.1))
    'between 3.2 and 9.1 more'
    >>> range_words(Estimate(value=8, low=-2.4, high=19.0))
    'between 2 fewer and 19 more'
    >>> range_words(Estimate(value=-3, low=-4.0, high=-1.5))
    'between 1.5 and 4 fewer'
    >>> range_words(Estimate(value=9, low=-0.04, high=19.0))
    'between a little fewer and 19 more'
    """
    low, high = interval.low, interval.high
    if low is None or high is None:
        return "nobody can say how many more or fewer"
    few = max(abs(low), abs(high)) < FEW
    small, large = (f"{abs(bound):.{1 if few or abs(bound) < 1 else 0}f}".removesuffix(".0") for bound in (low, high))
    if low >= 0:
        return f"between {small} and {large} more"
    if high <= 0:
        return f"between {large} and {small} fewer"
    small, large = ("a little" if text == "0" else text for text in (small, large))  # 0 would say that it is no less
    return f"between {small} fewer and {large} more"


def verdict_sentence(measured: Measured) -> str:
    """Return the verdict in one sentence that needs no statistics."""
    verdict, leads, base = measured.verdict, measured.leads, THE[measured.baseline]
    what = outcomes_word(measured)
    if not verdict.learned:
        return (
            f"Not proven: the history holds too few outcomes to learn from, so every lead gets the same probability; "
            f"{base} should go on deciding."
        )
    if not verdict.enough:
        return (
            f"Not proven: {leads.reached:,} of the {leads.looked_at:,} test leads looked at reached "
            f"{measured.asked.stage} and {measured.handed_over(verdict.depth):,.0f} were handed over; with fewer than "
            f"{verdict.min_outcomes} of either nothing is proven, so {base} should go on deciding."
        )
    gained = f"{range_words(verdict.gained_a_month)} {what} {a_month(measured.asked)}"
    gain = f"{gained} than {base} from the same number of calls"
    if verdict.outcome == "won":
        depth = "at the depth the team works today" if measured.baseline == "points" else "handing over as many leads"
        return f"Yes: {depth}, the model finds {gain}."
    if verdict.outcome == "lost":
        return f"No: {_behind(measured)}; {base} should go on deciding."
    return f"Not proven: the model finds {gain}; that may be chance, so {base} should go on deciding."


def _behind(measured: Measured) -> str:
    """Say where the model was shown to find fewer."""
    parts = []
    for band, other in measured.verdict.behind:
        difference = measured.depths.of(band).difference[other].found
        parts.append(f"{range_words(difference)} {outcomes_word(measured)} than {THE[other]} at {band}")
    return f"handing over as many leads {same_weeks(measured.asked)}, the model found " + ", and ".join(parts)


def missing_of(measured: Measured) -> tuple[str, ...]:
    """Return what stands between this model and ``champion``, approvals left aside; empty if nothing does."""
    verdict, base, missing = measured.verdict, THE[measured.baseline], []
    if not verdict.learned:
        missing.append(f"{verdict.missing_outcomes:,} more outcomes to learn from")
    elif not verdict.enough:
        cases = min(float(measured.leads.reached), measured.handed_over(verdict.depth))
        missing.append(f"{verdict.min_outcomes - cases:,.0f} more outcomes or hand-overs in the test period")
    elif verdict.outcome == "not_proven":
        missing.append(f"a difference to {base} at {verdict.depth} that chance does not explain")
    elif verdict.outcome == "lost":
        missing.append(f"a model that finds at least as many {outcomes_word(measured)} at every cut-off")
    if not measured.probabilities.beats_baseline:
        missing.append(
            f"proof that it orders leads better than {base} and that its percentages come closer to what happened "
            "(see report.html)"
        )
    return tuple(missing)


def next_steps(measured: Measured) -> tuple[str, ...]:
    """Return what to do next, the most useful first."""
    verdict, steps = measured.verdict, []
    if not measured.verdict.learned:
        return ("Let the history grow, or include an earlier stage as target, and run again.",)
    if verdict.outcome == "not_proven":
        if measured.leads.sampled_out:
            steps.append(
                f"Look at all test leads, not a sample: --set evaluate.look_leads={measured.leads.test:d}. It costs "
                "computing time only."
            )
        more = more_weeks(measured)
        if more is not None:
            needed = (
                f"{more * ROWS_A_WEEK:,} more rows" if measured.asked.unknown_times == "all" else f"{more:,} more weeks"
            )
            steps.append(f"Wait: if the difference stays as it is, about {needed} of such test leads will show it.")
        steps.append("Train a better model: report.html says what more outcomes would bring and where it errs.")
    if verdict.outcome == "lost":
        steps.append("Keep the points. See report.html for the groups in which the model errs, and train again.")
    if verdict.outcome == "won" and not measured.probabilities.beats_baseline:
        steps.append("See report.html for the groups in which the percentages do not hold, and train again.")
    return tuple(step.replace("Keep the points", f"Keep {THE[measured.baseline]}") for step in steps)


def more_weeks(measured: Measured) -> int | None:
    """Return how many more weeks would do if the difference stayed; None where it points the other way or for ever.

    The width of an interval falls with the square root of the number of leads.
    """
    gained = measured.verdict.gained
    if gained.value is None or gained.low is None or gained.value <= 0 or gained.low > 0:
        return None
    factor = ((gained.value - gained.low) / gained.value) ** 2
    weeks = math.ceil(measured.asked.weeks * (factor - 1)) + 1
    return weeks if weeks <= MOST_WEEKS else None


def cautions_of(measured: Measured) -> tuple[str, ...]:
    """Return what the figures cannot tell."""
    setup, leads, cautions = measured.asked, measured.leads, []
    if measured.follow_up.declared == "promoted_only":
        cautions.append(
            "Sales works promoted leads alone. A lead that the model would have handed over and the points did not was "
            "not worked, and counts as wasted: a win is a win all the same, but that the model does not win is not "
            "shown by these figures."
        )
    lacking = notice(setup.unknown_times)
    if lacking is not None:
        cautions.append(f"{lacking}.")
    if measured.follow_up.warning:
        cautions.append(f"Follow-up: {measured.follow_up.warning}.")
    cautions.extend(
        f"A column of the model looks like a leak, do not trust these figures yet: {leak}." for leak in measured.leaks
    )
    if measured.baseline == "naive_bayes":
        cautions.append(STAND_IN)
    if leads.sampled_out:
        cautions.append(
            f"Looked at every night is a sample drawn by chance, {leads.looked_at:,} of "
            f"{leads.looked_at + leads.sampled_out:,} leads. Numbers {a_week(setup)} and {a_month(setup)} are scaled "
            "up to all."
        )
    if setup.every is not None:
        cautions.append(
            "Leads that came in before the test period are left out, so the first weeks hold fewer; numbers a week "
            f"and a month use the volume of the {setup.counted_weeks:.0f} weeks after that. Leads that came in late "
            "have had less time to be handed over. Both hold for all alike."
        )
    cautions.extend(
        f"At {band} only {measured.handed_over(band):,.0f} leads were handed over, too few to weigh in the verdict."
        for band in BANDS
        if measured.handed_over(band) < measured.verdict.min_outcomes
    )
    if setup.deal is not None and leads.deals_too_young:
        cautions.append(
            f"For {leads.deals_too_young:,} leads it is too early to tell whether a deal comes of them; they "
            "count as none."
        )
    cautions.append("Intervals do not cover that the next quarter may differ from the one measured.")
    return tuple(cautions)
