"""A score with its reasons as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from features.language.dates import date_time
from features.language.numbers import apart, number
from features.language.sentences import of_many
from pipeline.explain.explained_score import ExplainedScore
from pipeline.explain.result_words import is_held_by_gates, listed


def to_text(explanation: ExplainedScore) -> str:
    """Return the newest score of a lead and why it is what it is, in English as all commands speak."""
    return "\n".join(_lines(explanation))


def _lines(explanation: ExplainedScore) -> Iterator[str]:
    row, about, p = explanation.score.row, explanation.score.about, explanation.score.probability
    yield f"{row['lead_id']}: {row['counted_as']}, data as of {date_time(row['as_of'], 'en')}"
    if p is not None and not row["reached"]:
        texts = apart({"mql": about.cutoffs.mql, "sal": about.cutoffs.sal, "chance": p}, "en")
        days = about.goal.horizon_days
        within = "" if days is None else f" within {days:g} days"
        yield f"{of_many(p, 'en')} such leads reach {explanation.goal('en')}{within} ({texts['chance']})."
        yield f"MQL begins at {texts['mql']}, SAL at {texts['sal']}."
    if row["excluded"]:
        yield f"Excluded: {listed(row['exclusions'], 'en')}."
    if row["gates_missing"] and explanation.is_decided:
        missing = listed(row["gates_missing"], "en")
        yield f"{'Only this is missing' if is_held_by_gates(explanation) else 'Also missing'} for SAL: {missing}."
    yield "Reasons, in percentage points:"
    for reason in row["reasons"]:
        yield f"  {number(reason['percentage_points'], 'en', digits=1, signed=True):>6}  {reason['en']}"
    yield f"model {row['model_version']}, cut-offs {row['cutoff_version']}, run {row['run_id']}"
