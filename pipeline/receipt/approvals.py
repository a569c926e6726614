"""What marketing and sales said of receipts: kept beside the stages' folders, entry by entry, and never rewritten.

``OUT/approvals/RECEIPT.json`` holds the entries of one receipt in order. A receipt that is made again with the same
hash has the same entries; a refusal holds for other receipts of the same model with the same cut-offs too.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from features.errors import InputError
from models.decision.signed_receipt import same_person
from pipeline.receipt.seal import Approval, Sealed
from pipeline.receipt.signing_state import by, standing_of
from pipeline.runner.workspace import write_durably
from pipeline.settings.settings import Team, validation_message

FOLDER = "approvals"
LONGEST = 500
"""Characters of a name or a reason: they stand on a page and in a tag."""


def approvals_file(root: Path, sha256: str) -> Path:
    """Return where the entries of a receipt stand."""
    return root / FOLDER / f"{sha256[:16]}.json"


def with_approvals(sealed: Sealed, root: Path) -> Sealed:
    """Return a receipt with all that was said of it, and with earlier refusals of the same model and cut-offs."""
    rests_on = sealed.receipt.rests_on
    refusals = []
    for file in sorted((root / FOLDER).glob("*.json")):
        if file != approvals_file(root, sealed.sha256):
            refusals += [
                entry
                for entry in read_entries(file)
                if entry.decision == "refused"
                and entry.model_sha256 == rests_on.model_sha256
                and entry.cutoffs_version == rests_on.cutoffs_version
            ]
    approvals = read_entries(approvals_file(root, sealed.sha256))
    return replace(sealed, approvals=approvals, earlier_refusals=tuple(sorted(refusals, key=lambda entry: entry.time)))


def read_entries(file: Path) -> tuple[Approval, ...]:
    """Read the entries of one receipt; none where there is no file."""
    if not file.is_file():
        return ()
    try:
        return tuple(Approval.model_validate(entry) for entry in json.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        problem = validation_message(error)
    except (UnicodeDecodeError, json.JSONDecodeError, TypeError) as error:
        problem = str(error)
    raise InputError(expected="a list of approvals", found=problem, table=f"{FOLDER}/{file.name}")


def write_entries(root: Path, sealed: Sealed) -> None:
    """Write the entries of a receipt: whole or not at all."""
    file = approvals_file(root, sealed.sha256)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    tree = [entry.model_dump(mode="json") for entry in sealed.approvals]
    write_durably(partial, json.dumps(tree, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    partial.replace(file)


def add_entry(
    sealed: Sealed, *, role: Team, name: str, refused: bool, why: str | None, time: str, key: bytes | None
) -> Sealed:
    """Return a receipt with one more approval or refusal.

    Parameters
    ----------
    sealed : Sealed
        As it stands.
    role : {"marketing", "sales"}
        Whose word it is.
    name : str
        Who says so.
    refused : bool
        Whether it is a refusal, which needs a reason and ends the matter.
    why : str or None
        The reason.
    time : str
        Now, ISO 8601, UTC.
    key : bytes or None
        Signs the entry.

    Raises
    ------
    InputError
        If the team is not asked or has spoken, if it was refused or decided already, if there is nothing to approve, if
        sales would sign before the others, if the same person has signed for the other team, or if name or reason is
        missing.
    """
    _check_words(name, why, refused=refused)
    _check_turn(sealed, role, refused=refused)
    _check_person(sealed, name, refused=refused)
    rests_on = sealed.receipt.rests_on
    entry = Approval(
        role=role,
        decision="refused" if refused else "approved",
        name=name.strip(),
        time=time,
        why=None if why is None else why.strip(),
        receipt_sha256=sealed.sha256,
        model_sha256=rests_on.model_sha256,
        cutoffs_version=rests_on.cutoffs_version,
        previous=sealed.head,
    )
    return replace(sealed, approvals=(*sealed.approvals, entry.sealed(key)))


def _check_words(name: str, why: str | None, *, refused: bool) -> None:
    if not name.strip():
        raise InputError(expected='--name "…", who says so', found="an empty name")
    for option, text in (("--name", name), ("--why", why or "")):
        if len(text) > LONGEST or not text.isprintable():
            problem = f"{len(text):,} characters, or some that cannot be printed"
            raise InputError(expected=f"at most {LONGEST:,} printable characters in {option}", found=problem)
    if refused and not (why or "").strip():
        raise InputError(expected='--why "…" with --refuse', found="no reason", hint="The other team has to read it")


def _check_person(sealed: Sealed, name: str, *, refused: bool) -> None:
    """Refuse a second signature by one person; whoever has signed may still refuse, for whichever team."""
    other = next((entry for entry in sealed.approvals if same_person(entry.name) == same_person(name)), None)
    if other is not None and not refused:
        raise InputError(
            expected="another person than the one who signed for the other team",
            found=f"{name.strip()}, and {by(other)}",
            hint="Two teams are two people; case, blanks and dots make no other name",
        )


def _check_turn(sealed: Sealed, role: Team, *, refused: bool) -> None:
    required = sealed.receipt.approvals_required
    standing = standing_of(sealed)
    if role not in required:
        teams = " and ".join(required) or "nobody"
        raise InputError(expected=f"a team that is asked ({teams})", found=role, hint="See receipt.approvals")
    if standing.state == "refused":
        raise InputError(expected="a receipt that is open", found=f"one {standing.sentence}", hint="A refusal is final")
    spoken = next((entry for entry in sealed.approvals if entry.role == role), None)
    if standing.state == "approved" or (spoken is not None and not refused):
        status = f"one {standing.sentence}" if spoken is None else f"approved by {by(spoken)}"
        raise InputError(expected=f"a receipt that {role} has not signed", found=status)
    if refused:
        return
    if standing.state == "not_earned":
        raise InputError(
            expected="a receipt on which the model wins",
            found=standing.sentence,
            hint="Nobody can approve it; receipt.html says what to do next",
        )
    others = [other for other in standing.waiting_for if other != role]
    if role == "sales" and others:
        raise InputError(
            expected=f"approval by {' and '.join(others)} first",
            found="none",
            hint='Sales signs last and has the last word; to refuse now: --refuse --why "…"',
        )
