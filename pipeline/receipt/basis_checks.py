"""Checks of what a receipt rests on: the model, the cut-offs, every stage's outputs and the code."""

from __future__ import annotations

from collections.abc import Iterator

from features.checks import CheckResult
from features.errors import InputError
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.model_files import model_folder, model_hash
from pipeline.receipt.erasures import erased_since
from pipeline.receipt.sealed_run import SealCheck, SealedRun, readable_receipt
from pipeline.runner.workspace import code_digest

NIGHTLY = ("ingest", "features")
"""Stages that the nightly job runs without training anew."""


def whole_model(run: SealedRun) -> str | None:
    """Need files of the model that are what they were saved as."""
    return None if run.broken_model is None else "its files do not hold"


class ModelFiles(SealCheck):
    """Looks whether each file of the model has the hash that its manifest names."""

    code, title = "model_files", "files of the model"
    needs = ()

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Load the model, which checks every hash."""
        yield self.fits(context.broken_model is None, context.broken_model or "")


class Model(SealCheck):
    """Looks whether the model that lies there is the one that the receipt speaks of."""

    code, title = "model", "model"
    needs = (readable_receipt, whole_model)

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Compare the model's hash."""
        digest = model_hash(model_folder(context.context))
        yield self.fits(digest == context.rests_on.model_sha256, "another one than the receipt's")


class CutoffsInForce(SealCheck):
    """Looks whether the cut-offs are those of the receipt, in name and in value."""

    code, title = "cutoffs", "cut-offs"

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Work the version out again from the values."""
        version = context.rests_on.cutoffs_version
        try:
            cutoffs = read_cutoffs(context.context)
        except (ValueError, OSError) as error:
            yield self.failed(str(error).splitlines()[0])
            return
        fits = cutoffs.version == version == cutoffs.with_version().version
        yield self.fits(fits, "their values do not have the version that the receipt names")


class Outputs(SealCheck):
    """Holds each stage's folder against the receipt.

    Since then the nightly job may have replaced tables, whole stages, and people may have been forgotten: that the
    rest of a table is as it was cannot be checked without their rows, but that nothing came after is.
    """

    code, title = "outputs", "outputs of the stages"

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Compare the digest of each folder."""
        for stage, digest in context.rests_on.outputs_sha256.items():
            yield self._of(context, stage, digest)

    def _of(self, context: SealedRun, stage: str, named: str) -> CheckResult:
        subject, workspace = f"outputs of stage {stage}", context.context.workspace
        digest, stamp = workspace.outputs_digest(stage), workspace.stamp(stage)
        if digest == named:
            return self.passed(subject=subject)
        record, note = context.erasures, "not those that the receipt was made from"
        if isinstance(record, InputError):
            record, note = [], f"{note}; whether people were forgotten is not known: {record}"
        erased = [one for one in record if one.holds(context.key)]
        if steps := erased_since(erased, stage, named, digest):
            times = ", ".join(one.time for one in steps)
            return self.unchecked(f"people were forgotten since, as is on record ({times})", subject=subject)
        if stage in NIGHTLY and stamp is not None and stamp.outputs == digest:
            return self.unchecked("the stage was run again after the receipt", subject=subject)
        return self.failed(note, subject=subject)


class Code(SealCheck):
    """Looks whether the code that runs now is the code that made the receipt; another version cannot speak for it."""

    code, title = "code", "code"

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Compare the digest of the packages."""
        if code_digest() == context.rests_on.code.sha256:
            yield self.passed()
        else:
            yield self.unchecked("this is another version of leadscore than the one that made the receipt")
