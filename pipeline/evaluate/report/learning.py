"""How the report says which level answered, and what more outcomes would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.measures.bootstrap import Interval
from pipeline.pages.number_words import number, target_title

if TYPE_CHECKING:
    from models.forecast.answering_level import LevelAnswer
    from pipeline.evaluate.evaluation import Evaluation

WORTH = {
    "worth waiting": "worth waiting for",
    "may help": "it may be worth waiting for them",
    "not worth waiting": "not worth waiting for",
}


def level_words(answer: LevelAnswer) -> str:
    """Return which level answered, in a sentence without statistics."""
    if answer.level == "rate":
        return (
            f"the base rate: {answer.outcomes:,} outcomes are too few to tell leads apart, "
            f"{answer.missing_outcomes:,} more are needed"
        )
    if answer.level == "shrunken":
        return (
            f"the model, drawn towards the base rate: it learned from {answer.outcomes:,} outcomes, and of the "
            f"differences it sees between leads {100 * answer.slope:.0f} % are kept"
        )
    return f"the model, learned from {answer.outcomes:,} outcomes"


def level_sentences(evaluation: Evaluation) -> list[str]:
    """Return one sentence a target."""
    return [
        f"{_upper_first(target_title(evaluation.spec, name))}: {level_words(judged.answer)}."
        for name, judged in evaluation.targets.items()
    ]


def gain_sentence(evaluation: Evaluation) -> str:
    """Return what the next outcomes would bring."""
    curve = evaluation.learning
    if curve is None:
        return "There are too few outcomes to draw a curve of what more of them would bring."
    return (
        f"The next {curve.next_outcomes} outcomes would make log loss {_range(curve.log_loss_gain, 4)} better "
        f"and AUC {_range(curve.auc_gain, 3)} better (95 %): {WORTH[curve.worth]}."
    )


def curve_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Lay the points of the curve out, a row a share of the training leads."""
    if evaluation.learning is None:
        return []
    return [
        {
            "leads": f"{row['leads']:,.0f}",
            "outcomes": f"{row['outcomes']:,.0f}",
            **{
                f"{key}{end}": number(row[f"{key}{end}"], 3)
                for key in ("log_loss", "auc")
                for end in ("", "_low", "_high")
            },
        }
        for row in evaluation.learning.points.to_dict("records")
    ]


def _range(gain: Interval, digits: int) -> str:
    low, high = number(gain.low, digits), number(gain.high, digits)
    return low if low == high else f"{low} to {high}"


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
