"""What MLflow remembers of a receipt: who cuts an approval or a refusal off the end of the chain is found by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from features.checks import CheckResult
from features.errors import InputError
from pipeline.receipt.seal import Sealed
from pipeline.receipt.sealed_run import SealCheck, SealedRun
from pipeline.receipt.signing_state import by

SHA256_TAG, HEAD_TAG, OUTCOME_TAG = "receipt_sha256", "receipt_head", "receipt_outcome"


def receipt_tags(sealed: Sealed | None) -> dict[str, str]:
    """Return what a version's tags say of its receipt; the head names it with all approvals."""
    if sealed is None:
        return {}
    tags = {
        SHA256_TAG: sealed.sha256,
        HEAD_TAG: sealed.head,
        OUTCOME_TAG: sealed.receipt.verdict.outcome,
    }
    for entry in (*sealed.earlier_refusals, *sealed.approvals):
        tags[f"{entry.decision}_by_{entry.role}"] = by(entry)
    return tags


class Remembered(SealCheck):
    """Holds the chain against the tags of the model's version in MLflow: it may have grown, it may have lost nothing.

    Tags that name another receipt, or none, say nothing of this one: then it could not be checked.
    """

    code, title = "mlflow", "approvals that MLflow remembers"

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Look for the last entry that MLflow knows."""
        sealed = context.sealed
        try:
            tags = context.read_tags(sealed)
        except InputError as error:
            yield self.unchecked(str(error))
        else:
            yield self._held_against(tags, sealed)

    def _held_against(self, tags: Mapping[str, str] | None, sealed: Sealed) -> CheckResult:
        if tags is None:
            return self.unchecked("the model is not registered")
        if SHA256_TAG not in tags:
            return self.unchecked("MLflow names no receipt of this model")
        if tags[SHA256_TAG] != sealed.sha256:
            return self.unchecked("MLflow names another receipt of this model")
        if HEAD_TAG not in tags:
            return self.unchecked("MLflow does not say which entry was the last")
        chain = {sealed.sha256, *(entry.sha256 for entry in sealed.approvals)}
        return self.fits(tags[HEAD_TAG] in chain, "MLflow knows of an entry that the receipt has not")
