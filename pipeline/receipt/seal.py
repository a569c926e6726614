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
from pipeline.settings.settings import Role, validation_message

KEY_VARIABLE = "LEADSCORE_RECEIPT_KEY"
FORMAT = 1


class Approval(Strict):
    """What one of the teams said of one receipt; ``previous`` is the SHA-256 of the entry before, or of the receipt."""

    role: Role
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
    receipt : dict
        What :mod:`pipeline.receipt.body` wrote.
    sha256 : str
        Of the receipt in canonical JSON.
    signature : str or None
        HMAC-SHA256 of ``sha256``; None where it was made without a key.
    approvals : tuple of Approval
        In the order they were given.
    earlier_refusals : tuple of Approval
        Refusals of the same model with the same cut-offs on other receipts of this workspace.
    """

    receipt: dict[str, Any]
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
            "receipt": self.receipt,
            "sha256": self.sha256,
            "signature": self.signature,
            "approvals": [entry.model_dump(mode="json") for entry in self.approvals],
            "earlier_refusals": [entry.model_dump(mode="json") for entry in self.earlier_refusals],
        }
        return json.dumps(tree, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def read(cls, text: str) -> Sealed:
        """Read what :meth:`text` wrote; what cannot be one is an InputError, what was altered is not looked for."""
        try:
            tree = json.loads(text)
            if tree["format"] != FORMAT:
                raise InputError(expected=f"format {FORMAT}", found=repr(tree["format"]), table="receipt.json")
            entries = ((Approval.model_validate(entry) for entry in tree[key]) for key in _ENTRIES)
            approvals, refusals = (tuple(own) for own in entries)
            return cls(dict(tree["receipt"]), tree["sha256"], tree["signature"], approvals, refusals)
        except ValidationError as error:
            found = validation_message(error)
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            found = f"{type(error).__name__}: {error}"
        raise InputError(expected="a sealed receipt", found=found, table="receipt.json") from None


_ENTRIES = ("approvals", "earlier_refusals")


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


def seal(receipt: dict[str, Any], key: bytes | None) -> Sealed:
    """Seal a receipt nobody has said anything of."""
    digest = digest_of(receipt)
    return Sealed(receipt, digest, signature(digest, key))
