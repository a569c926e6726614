"""What a sealed receipt says to whoever uses its model: that it was won, by whom it was signed, of what it speaks."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import InputError

TABLE = "receipt.json"


@dataclass(frozen=True)
class TeamSignature:
    """One team's approval: ``name`` is who gave it, ``time`` when (ISO 8601, UTC)."""

    role: str
    name: str
    time: str


@dataclass(frozen=True)
class SignedReceipt:
    """A receipt that is as it was sealed, was won, and bears every signature that it asks for.

    Attributes
    ----------
    sha256 : str
        Of the receipt in canonical JSON.
    model_sha256 : str
        Of the manifest of the model that it speaks of.
    cutoffs_version : str
    source : str
        Name of the source.
    signatures : tuple of Signature
        In the order they were given; none where nobody is asked.
    """

    sha256: str
    model_sha256: str
    cutoffs_version: str
    source: str
    signatures: tuple[TeamSignature, ...]

    @classmethod
    def read(cls, text: str) -> SignedReceipt:
        """Read a ``receipt.json``.

        Fields that another version of leadscore gave its receipts are no obstacle: what is asked for here is in all.

        Raises
        ------
        InputError
            If it is none, was changed after it was sealed, was not won, was refused, or lacks a signature.
        """
        try:
            tree, document = json.loads(text), _Document.model_validate_json(text)
        except (json.JSONDecodeError, ValidationError) as error:
            raise InputError(expected="a sealed receipt", found=str(error).splitlines()[0], table=TABLE) from None
        receipt = document.receipt
        _require(canonical_digest(tree["receipt"]) == document.sha256, "its content was changed")
        _require_chain(document, tree["approvals"])
        _require(not document.earlier_refusals, "its model was refused before")
        _require(receipt.verdict.outcome == "won" and not receipt.verdict.missing, "it was not won")
        signed = {entry.role: entry for entry in document.approvals}
        absent = [role for role in receipt.approvals_required if role not in signed]
        _require(not absent, f"{' and '.join(absent)} did not sign it")
        people = {same_person(entry.name) for entry in signed.values()}
        _require(len(people) == len(signed), "one person signed it for both teams")
        return cls(
            sha256=document.sha256,
            model_sha256=receipt.rests_on.model_sha256,
            cutoffs_version=receipt.rests_on.cutoffs_version,
            source=receipt.source.name,
            signatures=tuple(TeamSignature(entry.role, entry.name, entry.time) for entry in document.approvals),
        )


class _Part(BaseModel):
    """A part of the file; what is not asked for here is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _RestsOn(_Part):
    model_sha256: str
    cutoffs_version: str


class _Verdict(_Part):
    outcome: str
    missing: tuple[str, ...]


class _Source(_Part):
    name: str


class _Receipt(_Part):
    source: _Source
    verdict: _Verdict
    approvals_required: tuple[str, ...]
    rests_on: _RestsOn


class _Entry(_Part):
    role: str
    decision: str
    name: str
    time: str
    receipt_sha256: str
    previous: str
    sha256: str


class _Document(_Part):
    receipt: _Receipt
    sha256: str
    approvals: tuple[_Entry, ...]
    earlier_refusals: tuple[_Entry, ...]


def _require_chain(document: _Document, entries: list[dict[str, Any]]) -> None:
    """Follow the approvals from the receipt on: each holds the hash of the one before."""
    previous = document.sha256
    for entry, tree in zip(document.approvals, entries, strict=True):
        words = {name: value for name, value in tree.items() if name not in ("sha256", "signature")}
        _require(canonical_digest(words) == entry.sha256, f"the entry of {entry.name} was changed")
        follows = entry.previous == previous and entry.receipt_sha256 == document.sha256
        _require(follows, f"the entry of {entry.name} does not follow from what stands before it")
        _require(entry.decision == "approved", f"{entry.name} refused it")
        previous = entry.sha256


def canonical_digest(tree: Any) -> str:
    """Return the SHA-256 of JSON in its one form: keys sorted, no spaces, UTF-8, no number that is none."""
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def same_person(name: str) -> str:
    """Return a name as it is compared with others: blanks, case, dots and the way of writing a letter do not count.

    Examples
    --------
    >>> same_person("A. Beck") == same_person("  a.beck "), same_person("Beck") == same_person("Bek")
    (True, False)
    """
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in unicodedata.normalize("NFKC", decomposed) if letter.isalnum())


def _require(holds: bool, why: str) -> None:
    if not holds:
        raise InputError(expected="a receipt that is as it was sealed, was won and signed", found=why, table=TABLE)
