"""Whether a receipt is what was sealed, and still speaks of the model, the cut-offs and the data that lie there."""

from __future__ import annotations

import json

from features.answers import SEAL_WORDS, Answer
from features.checks import CheckResult
from pipeline.receipt.all_checks import CHECKS
from pipeline.receipt.sealed_run import SealedRun


def verify(run: SealedRun) -> list[CheckResult]:
    """Work out every hash of a run's receipt again.

    Returns
    -------
    list of CheckResult
        One a thing looked at. What could not be checked is not passed: it says so.
    """
    return [result for check in CHECKS for result in check.results(run)]


def to_text(results: list[CheckResult]) -> str:
    """Return results for people, the verdict last."""
    altered = [subject_of(result) for result in results if result.answer is Answer.FAILED]
    unchecked = [subject_of(result) for result in results if result.answer is Answer.UNCHECKED]
    end = f"The receipt does not hold: {', '.join(altered)}" if altered else "The receipt holds"
    if unchecked and not altered:
        end += f" as far as it was checked; not checked: {', '.join(unchecked)}"
    return "\n".join([*(line(result) for result in results), end])


def line(result: CheckResult) -> str:
    """Return a result as one line of text."""
    note = f": {result.sentence}" if result.sentence else ""
    return f"{SEAL_WORDS.line(result.answer)} {subject_of(result)}{note}"


def subject_of(result: CheckResult) -> str:
    """Return what was looked at."""
    return result.subject or result.title


def to_json(results: list[CheckResult]) -> str:
    """Return results for machines."""
    findings = [
        {"what": subject_of(result), "answer": SEAL_WORDS.of(result.answer), "note": result.sentence}
        for result in results
    ]
    return json.dumps({SEAL_WORDS.passed: holds(results), "findings": findings}, indent=1, ensure_ascii=False)


def holds(results: list[CheckResult]) -> bool:
    """Whether nothing was altered."""
    return all(result.answer is not Answer.FAILED for result in results)
