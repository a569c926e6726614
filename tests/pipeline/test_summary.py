"""What the summary says first: whether the model may take the baseline's place."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.summary import learning_line, verdict_sentence


def evaluation(*, beats: bool, level: str, ap: tuple[float | None, float | None]) -> dict[str, Any]:
    difference = {"ap": {"low": ap[0], "high": ap[1]}, "log_loss": {"low": -0.1, "high": 0.1}}
    target = {"leads": 1_200, "outcomes": 34, "level": level, "difference": difference}
    return {"target": "sql", "baseline": "naive_bayes", "beats_baseline": beats, "targets": {"sql": target}}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            evaluation(beats=True, level="model", ap=(0.1, 0.2)),
            "Verdict: the model beats the naive Bayes (on 1,200 test leads, 34 of them with the outcome).",
        ),
        (
            evaluation(beats=False, level="model", ap=(-0.1, 0.2)),
            "Verdict: the model has not been shown to beat the naive Bayes (on 1,200 test leads, 34 of them with the "
            "outcome); use it with care.",
        ),
        (
            evaluation(beats=False, level="model", ap=(-0.2, -0.1)),
            "Verdict: the model does worse than the naive Bayes (on 1,200 test leads, 34 of them with the outcome); "
            "the naive Bayes should go on deciding.",
        ),
        (
            evaluation(beats=False, level="rate", ap=(None, None)),
            "Verdict: too few outcomes to learn from, every lead gets the average; "
            "the naive Bayes should go on deciding.",
        ),
    ],
)
def test_the_verdict_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    assert verdict_sentence(given) == sentence.replace("the naive Bayes", "naive Bayes")


def test_what_the_next_outcomes_would_bring_is_one_line() -> None:
    assert learning_line({"learning": None}) == "Too few outcomes to say what more of them would bring"
    gain = {"value": 0.004, "low": 0.002, "high": 0.006}
    curve = {"next_outcomes": 100, "log_loss_gain": gain, "worth": "not worth waiting"}
    expected = "The next 100 outcomes: log loss 0.0020 to 0.0060 better, not worth waiting"
    assert learning_line({"learning": curve}) == expected
