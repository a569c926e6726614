"""Whether a receipt is what was sealed, and still speaks of the model, the cut-offs and the data that lie there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from jinja2 import TemplateError

from features.errors import InputError
from models.cutoffs.cutoffs import Cutoffs
from pipeline.outputs.model_files import model_hash, read_forecast
from pipeline.receipt.approvals import approvals_file, with_approvals
from pipeline.receipt.page import render
from pipeline.receipt.seal import KEY_VARIABLE, Approval, OtherVersionError, Sealed, digest_of, signed_by
from pipeline.receipt.signing_state import by
from pipeline.receipt.stage import PAGE, RECEIPT, read_receipt
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import STAMP, code_digest, tree_digest

NIGHTLY = ("ingest", "features")
"""Stages that the nightly job runs without training anew."""
Answer = Literal["holds", "altered", "not checked"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it holds, and what was found if not."""

    what: str
    answer: Answer
    note: str = ""

    def line(self) -> str:
        """Return it as one line of text."""
        return f"{self.answer:<12} {self.what}" + (f": {self.note}" if self.note else "")


def verify(context: StageContext, key: bytes | None) -> list[Finding]:
    """Work out every hash of a run's receipt again.

    Parameters
    ----------
    context : StageContext
        The run.
    key : bytes or None
        With it signatures are checked, and what bears none does not hold; without it they are not checked.

    Returns
    -------
    list of Finding
        One a thing looked at. What could not be checked is not passed: it says so.
    """
    folder = context.folder("receipt")
    try:
        sealed = read_receipt(folder)
    except OtherVersionError as error:
        return [Finding(RECEIPT, "not checked", str(error)), _signature(RECEIPT, error.sha256, error.signature, key)]
    except InputError as error:
        return [Finding(RECEIPT, "altered", str(error))]
    return [
        *_documents(context, sealed),
        _receipt(sealed),
        _signature(RECEIPT, sealed.sha256, sealed.signature, key),
        *_chain(sealed, key),
        *_rests_on(context, sealed),
    ]


def to_text(findings: list[Finding]) -> str:
    """Return findings for people, the verdict last."""
    altered = [finding.what for finding in findings if finding.answer == "altered"]
    open_ones = [finding.what for finding in findings if finding.answer == "not checked"]
    end = f"The receipt does not hold: {', '.join(altered)}" if altered else "The receipt holds"
    if open_ones and not altered:
        end += f" as far as it was checked; not checked: {', '.join(open_ones)}"
    return "\n".join([*(finding.line() for finding in findings), end])


def to_json(findings: list[Finding]) -> str:
    """Return findings for machines."""
    tree = {"holds": holds(findings), "findings": [asdict(finding) for finding in findings]}
    return json.dumps(tree, indent=1, ensure_ascii=False)


def holds(findings: list[Finding]) -> bool:
    """Whether nothing was altered."""
    return all(finding.answer != "altered" for finding in findings)


def _documents(context: StageContext, sealed: Sealed) -> Iterator[Finding]:
    """Hold both files, and the entries beside them, against what they say."""
    folder = context.folder("receipt")
    same = (folder / RECEIPT).read_bytes() == sealed.text().encode("utf-8")
    yield _finding(f"form of {RECEIPT}", same, "not written as leadscore writes it")
    yield _page(folder / PAGE, sealed)
    file = approvals_file(context.workspace.root, sealed.sha256)
    try:
        kept = with_approvals(sealed, context.workspace.root)
    except InputError as error:
        yield Finding(f"approvals/{file.name}", "altered", str(error))
    else:
        yield _finding("approvals beside the receipt", kept == sealed, f"they differ from those in {RECEIPT}")


def _page(page: Path, sealed: Sealed) -> Finding:
    """Hold the page against the page that the receipt makes; another version of leadscore may word it otherwise."""
    if not page.is_file():
        return Finding(PAGE, "altered", "it is not there")
    try:
        if page.read_bytes() == render(sealed).encode("utf-8"):
            return Finding(PAGE, "holds")
        same_code = code_digest() == sealed.receipt.rests_on.code.sha256
    except (LookupError, TypeError, ValueError, AttributeError, TemplateError) as error:
        return Finding(PAGE, "altered", f"the receipt lacks what the page shows ({type(error).__name__}: {error})")
    if same_code:
        return Finding(PAGE, "altered", f"it does not say what {RECEIPT} says")
    return Finding(PAGE, "not checked", "another version of leadscore wrote it")


def _receipt(sealed: Sealed) -> Finding:
    return _finding(
        "SHA-256 of the receipt", digest_of(sealed.receipt.tree()) == sealed.sha256, "its content was changed"
    )


def _signature(what: str, digest: str, signed: str | None, key: bytes | None) -> Finding:
    name = f"signature of {what}"
    if key is None:
        return Finding(name, "not checked", f"{KEY_VARIABLE} is not set" if signed else "it bears none")
    return _finding(name, signed_by(digest, signed, key), "it bears none" if signed is None else "not by this key")


def _chain(sealed: Sealed, key: bytes | None) -> Iterator[Finding]:
    """Follow the approvals from the receipt on."""
    previous = sealed.sha256
    for entry in sealed.approvals:
        fits = entry.previous == previous and _belongs(entry, sealed)
        yield _entry(entry, fits=fits)
        yield _signature(by(entry), entry.sha256, entry.signature, key)
        previous = entry.sha256
    roles = [entry.role for entry in sealed.approvals if entry.decision == "approved"]
    in_order = [role for role in sealed.receipt.approvals_required if role in roles]
    yield _finding("order of the approvals", roles == in_order, f"found {', then '.join(roles)}")
    for entry in sealed.earlier_refusals:
        yield _entry(entry, fits=True)


def _belongs(entry: Approval, sealed: Sealed) -> bool:
    rests_on = sealed.receipt.rests_on
    mine = (sealed.sha256, rests_on.model_sha256, rests_on.cutoffs_version)
    return (entry.receipt_sha256, entry.model_sha256, entry.cutoffs_version) == mine


def _entry(entry: Approval, *, fits: bool) -> Finding:
    what = f"entry of {by(entry)}"
    if entry.digest() != entry.sha256:
        return Finding(what, "altered", "its content was changed")
    return _finding(what, fits, "it does not follow from what stands before it, or speaks of another receipt")


def _rests_on(context: StageContext, sealed: Sealed) -> Iterator[Finding]:
    """Hold the model, the cut-offs and every stage's outputs against what the receipt names."""
    named = sealed.receipt.rests_on
    model = context.folder("train") / "model"
    try:
        read_forecast(model)
    except InputError as error:
        yield Finding("files of the model", "altered", str(error))
    except OSError as error:
        yield Finding("files of the model", "altered", error.strerror or str(error))
    else:
        yield Finding("files of the model", "holds")
        yield _finding("model", model_hash(model) == named.model_sha256, "another one than the receipt's")
    yield _cutoffs(context, named.cutoffs_version)
    for stage, digest in named.outputs_sha256.items():
        yield _outputs(context, stage, digest)
    if code_digest() == named.code.sha256:
        yield Finding("code", "holds")
    else:
        yield Finding("code", "not checked", "this is another version of leadscore than the one that made the receipt")


def _outputs(context: StageContext, stage: str, named: str) -> Finding:
    """Hold a stage's folder against the receipt; the nightly job may have replaced the tables since, whole stages."""
    what, folder = f"outputs of stage {stage}", context.workspace.folder(stage)
    found = tree_digest([folder])
    if found == named:
        return Finding(what, "holds")
    stamp = folder / STAMP
    if stage in NIGHTLY and stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8"))["outputs"] == found:
        return Finding(what, "not checked", "the stage was run again after the receipt")
    return Finding(what, "altered", "not those that the receipt was made from")


def _cutoffs(context: StageContext, version: str) -> Finding:
    file = context.workspace.folder("cutoffs") / "cutoffs.json"
    try:
        found = Cutoffs.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        return Finding("cut-offs", "altered", str(error).splitlines()[0])
    fits = found.version == version == found.with_version().version
    return _finding("cut-offs", fits, "their values do not have the version that the receipt names")


def _finding(what: str, fits: bool, note: str) -> Finding:
    return Finding(what, "holds") if fits else Finding(what, "altered", note)
