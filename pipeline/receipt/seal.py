"""A sealed receipt: canonical JSON with its SHA-256, and approvals chained to it, each signed where there is a key.

A hash shows that something was altered only to who keeps a copy of the hash elsewhere. With a key in
``LEADSCORE_RECEIPT_KEY`` the seal is an HMAC-SHA256 too: who does not have the key can neither make nor alter one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from features.errors import InputError
from features.strict import Strict
from pipeline.receipt.contents import Receipt
from pipeline.settings.settings import Team

KEY_VARIABLE = "LEADSCORE_RECEIPT_KEY"
FORMAT = 1
TABLE = "receipt.json"


class Approval(Strict):
    """What one of the teams said of one receipt; ``previous`` is the SHA-256 of the entry before, or of the receipt."""

    role: Team
    decision: Literal["approved", "refused"]
    name: str
    time: str
    why: str | None
    receipt_sha256: str
    model_sha256: str
    cutoffs_version: str
    previous: str
    sha256: str = ""
    signature: str | None = None

    def sealed(self, key: bytes | None) -> Approval:
        """Return the entry with its own hash, signed if there is a key."""
        digest = self.digest()
        return self.model_copy(update={"sha256": digest, "signature": signature(digest, key)})

    def digest(self) -> str:
        """Return the SHA-256 of all it says."""
        return digest_of(self.model_dump(mode="json", exclude={"sha256", "signature"}))


@dataclass(frozen=True)
class Sealed:
    """A receipt with its seal and what was said of it.

    Attributes
    ----------
    receipt : Receipt
        What :mod:`pipeline.receipt.body` made of a run.
    sha256 : str
        Of the receipt in canonical JSON.
    signature : str or None
        HMAC-SHA256 of ``sha256``; None where it was made without a key.
    approvals : tuple of Approval
        In the order they were given.
    earlier_refusals : tuple of Approval
        Refusals of the same model with the same cut-offs on other receipts of this workspace.
    """

    receipt: Receipt
    sha256: str
    signature: str | None
    approvals: tuple[Approval, ...] = ()
    earlier_refusals: tuple[Approval, ...] = ()

    @property
    def head(self) -> str:
        """The last hash of the chain: it names the receipt with all that was said of it."""
        return self.approvals[-1].sha256 if self.approvals else self.sha256

    def text(self) -> str:
        """Return the document as it is written."""
        tree = {
            "format": FORMAT,
            "receipt": self.receipt.tree(),
            "sha256": self.sha256,
            "signature": self.signature,
            "approvals": [entry.model_dump(mode="json") for entry in self.approvals],
            "earlier_refusals": [entry.model_dump(mode="json") for entry in self.earlier_refusals],
        }
        return json.dumps(tree, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def read(cls, text: str) -> Sealed:
        """Read what :meth:`text` wrote; what was altered is not looked for.

        Raises
        ------
        OtherVersionError
            If it is whole, but says more or less than receipts of this version do.
        InputError
            If it cannot be a sealed receipt.
        """
        try:
            document = _Document.model_validate_json(text)
        except ValidationError as error:
            raise _unreadable(text, error) from None
        return cls(document.receipt, document.sha256, document.signature, document.approvals, document.earlier_refusals)


class OtherVersionError(InputError):
    """A receipt that is as it was sealed, by a leadscore whose receipts have other fields.

    Attributes
    ----------
    sha256, signature
        As for `Sealed`: what can be checked all the same.
    """

    def __init__(self, *, found: str, sha256: str, signature: str | None) -> None:
        self.sha256, self.signature = sha256, signature
        super().__init__(
            expected="a receipt as this version of leadscore writes it",
            found=found,
            table=TABLE,
            hint="Read it with the version that made it, or make a new one with 'leadscore run'",
        )


class _Document(Strict):
    """The file of a sealed receipt."""

    format: Literal[1]
    receipt: Receipt
    sha256: str
    signature: str | None
    approvals: tuple[Approval, ...]
    earlier_refusals: tuple[Approval, ...]


def _unreadable(text: str, error: ValidationError) -> InputError:
    """Say what is wrong with a document, and whether it was sealed like this."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    problem = f"{where}: {first['msg']}" if where else first["msg"]
    if first["loc"][:1] == ("format",):
        return InputError(expected=f"format {FORMAT}", found=repr(first["input"]), table=TABLE)
    whole = _seal_of(text) if {fault["loc"][:1] for fault in error.errors()} == {("receipt",)} else None
    if whole is None:
        return InputError(expected="a sealed receipt", found=problem, table=TABLE)
    sha256, signed = whole
    return OtherVersionError(found=problem, sha256=sha256, signature=signed)


def _seal_of(text: str) -> tuple[str, str | None] | None:
    """Return hash and signature of a document whose receipt is as it was sealed, whatever it says; else None."""
    match json.loads(text):
        case {"receipt": dict() as receipt, "sha256": str() as sha256, "signature": (str() | None) as signed}:
            return (sha256, signed) if digest_of(receipt) == sha256 else None
    return None


def canonical(tree: Any) -> bytes:
    """Return JSON in its one form: keys sorted, no spaces, UTF-8, no number that is none.

    Examples
    --------
    >>> canonical({"b": 1, "a": "ü"}).decode()
    '{"a":"ü","b":1}'
    """
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def digest_of(tree: Any) -> str:
    """Return the SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(tree)).hexdigest()


def signature(digest: str, key: bytes | None) -> str | None:
    """Return the HMAC-SHA256 of a hash, None without a key."""
    return None if key is None else hmac.new(key, digest.encode("ascii"), hashlib.sha256).hexdigest()


def signed_by(digest: str, signed: str | None, key: bytes) -> bool:
    """Whether a signature is that of the key."""
    return signed is not None and hmac.compare_digest(signed, str(signature(digest, key)))


def key_from_environment() -> bytes | None:
    """Return the key of this machine, if it has one; a short one is refused."""
    text = os.environ.get(KEY_VARIABLE, "")
    if not text:
        return None
    if len(text) < SHORTEST_KEY:
        raise InputError(
            expected=f"a key of at least {SHORTEST_KEY} characters in {KEY_VARIABLE}",
            found=f"{len(text)}",
            hint="Make one with: python -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return text.encode("utf-8")


SHORTEST_KEY = 16


def seal(receipt: Receipt, key: bytes | None) -> Sealed:
    """Seal a receipt nobody has said anything of."""
    digest = digest_of(receipt.tree())
    return Sealed(receipt, digest, signature(digest, key))
