"""Checks of the receipt itself: its two files, its seal, and what was said of it."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateError

from features.checks import CheckResult
from features.errors import InputError
from models.decision.signed_receipt import same_person
from pipeline.receipt.approvals import approvals_file, with_approvals
from pipeline.receipt.page import render
from pipeline.receipt.seal import Approval, OtherVersionError, Sealed, digest_of
from pipeline.receipt.sealed_run import SealCheck, SealedRun
from pipeline.receipt.signing_state import by
from pipeline.receipt.stage import PAGE, RECEIPT, receipt_files
from pipeline.runner.workspace import code_digest


class ReceiptForm(SealCheck):
    """Looks whether the receipt can be read, and is written as leadscore writes it, to the byte."""

    code, title = "form", f"form of {RECEIPT}"
    needs = ()

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Write the receipt again and compare."""
        if isinstance(context.unreadable, OtherVersionError):
            error = context.unreadable
            yield self.unchecked(str(error), subject=RECEIPT)
            yield self.signature(RECEIPT, error.sha256, error.signature, context.key)
            return
        if context.unreadable is not None:
            yield self.failed(str(context.unreadable), subject=RECEIPT)
            return
        file, _ = receipt_files(context.context)
        same = file.read_bytes() == context.sealed.text().encode("utf-8")
        yield self.fits(same, "not written as leadscore writes it")


class Page(SealCheck):
    """Looks whether the page is the one that the receipt makes; another version of leadscore may word it otherwise."""

    code, title = "page", PAGE

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Make the page again and compare."""
        _, page = receipt_files(context.context)
        if not page.is_file():
            yield self.failed("it is not there")
            return
        try:
            if page.read_bytes() == render(context.sealed).encode("utf-8"):
                yield self.passed()
                return
            same_code = code_digest() == context.rests_on.code.sha256
        except (LookupError, TypeError, ValueError, AttributeError, TemplateError) as error:
            yield self.failed(f"the receipt lacks what the page shows ({type(error).__name__}: {error})")
            return
        if same_code:
            yield self.failed(f"it does not say what {RECEIPT} says")
        else:
            yield self.unchecked("another version of leadscore wrote it")


class EntriesBeside(SealCheck):
    """Looks whether the approvals and refusals in the receipt are those that are kept beside it."""

    code, title = "approvals", "approvals beside the receipt"

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Read the entries beside the receipt."""
        root, sealed = context.context.workspace.root, context.sealed
        try:
            beside = with_approvals(sealed, root)
        except InputError as error:
            yield self.failed(str(error), subject=f"approvals/{approvals_file(root, sealed.sha256).name}")
        else:
            yield self.fits(beside == sealed, f"they differ from those in {RECEIPT}")


class Seal(SealCheck):
    """Works the SHA-256 of the receipt out again."""

    code, title = "seal", "SHA-256 of the receipt"

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Compare the hash with the one that was sealed."""
        sealed = context.sealed
        yield self.fits(digest_of(sealed.receipt.tree()) == sealed.sha256, "its content was changed")


class Signature(SealCheck):
    """Looks whether the receipt was sealed by who has the key."""

    code, title = "signature", f"signature of {RECEIPT}"

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Sign the hash again, where there is a key."""
        sealed = context.sealed
        yield self.signature(RECEIPT, sealed.sha256, sealed.signature, context.key)


class Chain(SealCheck):
    """Follows approvals and refusals from the receipt on: each holds the hash of the one before."""

    code, title = "chain", "order of the approvals"

    def run(self, context: SealedRun) -> Iterator[CheckResult]:
        """Look at each entry and its signature, at their order, and at refusals of earlier receipts."""
        sealed = context.sealed
        previous = sealed.sha256
        for entry in sealed.approvals:
            yield self._entry(entry, fits=entry.previous == previous and _belongs(entry, sealed))
            yield self.signature(by(entry), entry.sha256, entry.signature, context.key)
            previous = entry.sha256
        roles = [entry.role for entry in sealed.approvals if entry.decision == "approved"]
        in_order = [role for role in sealed.receipt.approvals_required if role in roles]
        yield self.fits(roles == in_order, f"found {', then '.join(roles)}")
        people = [same_person(entry.name) for entry in sealed.approvals if entry.decision == "approved"]
        if len(set(people)) < len(people):
            yield self.failed("one person signed for both teams", subject="who signed")
        for entry in sealed.earlier_refusals:
            yield self._entry(entry, fits=True)

    def _entry(self, entry: Approval, *, fits: bool) -> CheckResult:
        subject = f"entry of {by(entry)}"
        if entry.digest() != entry.sha256:
            return self.failed("its content was changed", subject=subject)
        note = "it does not follow from what stands before it, or speaks of another receipt"
        return self.fits(fits, note, subject=subject)


def _belongs(entry: Approval, sealed: Sealed) -> bool:
    rests_on = sealed.receipt.rests_on
    mine = (sealed.sha256, rests_on.model_sha256, rests_on.cutoffs_version)
    return (entry.receipt_sha256, entry.model_sha256, entry.cutoffs_version) == mine
