"""Stage ``receipt``: model, points and naive Bayes at the team's working depth, sealed, for people and for machines."""

from __future__ import annotations

from pathlib import Path

from features.errors import InputError
from pipeline.receipt.approvals import with_approvals
from pipeline.receipt.body import make_receipt
from pipeline.receipt.page import render
from pipeline.receipt.seal import Sealed, key_from_environment, seal
from pipeline.receipt.signing_state import standing_of
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext

RECEIPT, PAGE = "receipt.json", "receipt.html"


def run(context: StageContext, out: Path) -> None:
    """Write ``receipt.json`` and ``receipt.html``, with what marketing and sales have said of this very receipt."""
    sealed = with_approvals(seal(make_receipt(context), key_from_environment()), context.workspace.root)
    write_receipt(sealed, out)
    say(f"receipt: {sealed.receipt.verdict.sentence} Champion: {standing_of(sealed).sentence}.")


def is_stored(context: StageContext) -> bool:
    """Whether the stage's folder shows all approvals there are."""
    sealed = read_receipt(context.workspace.folder("receipt"))
    return with_approvals(sealed, context.workspace.root) == sealed


def write_receipt(sealed: Sealed, folder: Path) -> None:
    """Write a receipt in both forms."""
    (folder / RECEIPT).write_bytes(sealed.text().encode("utf-8"))
    (folder / PAGE).write_bytes(render(sealed).encode("utf-8"))


def receipt_of(context: StageContext) -> Sealed:
    """Read the receipt of a run; whether it was altered is for `pipeline.receipt.verify` to say."""
    return read_receipt(context.folder("receipt"))


def receipt_files(context: StageContext) -> tuple[Path, Path]:
    """Return the receipt of a run for machines and for people, for who stores or shows them."""
    folder = context.folder("receipt")
    return folder / RECEIPT, folder / PAGE


def read_receipt(folder: Path) -> Sealed:
    """Read a receipt from a folder."""
    file = folder / RECEIPT
    try:
        return Sealed.read(file.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise InputError(expected=f"{RECEIPT} in {folder.name}", found="none", hint="Run 'leadscore receipt'") from None
    except UnicodeDecodeError as error:
        raise InputError(expected="UTF-8", found=str(error), table=RECEIPT) from None
