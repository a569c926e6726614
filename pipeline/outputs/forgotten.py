"""The marks of people who were forgotten: salted hashes, by which the next export does not bring them back."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.runner.workspace import write_durably

FORGOTTEN_FOLDER, MARKS_FILE = "forgotten", "marks.json"


@dataclass(frozen=True)
class Marks:
    """Whom ingestion leaves out.

    Attributes
    ----------
    salt : bytes
        Of this OUT alone: without it nobody can try addresses against the marks.
    marks : frozenset of str
        HMAC-SHA-256 of lead ids and e-mail addresses.
    """

    salt: bytes
    marks: frozenset[str] = field(default_factory=frozenset)

    def of(self, value: str) -> str:
        """Return the mark of an id or an address, whatever its case and the blanks around it.

        Examples
        --------
        >>> marks = Marks(b"salt")
        >>> marks.of(" Ann@Example.com") == marks.of("ann@example.com"), marks.of("a") == Marks(b"other").of("a")
        (True, False)
        """
        return hmac.new(self.salt, value.strip().lower().encode(), hashlib.sha256).hexdigest()

    def names(self, value: str | None) -> bool:
        """Whether somebody with this id or address was forgotten."""
        return bool(self.marks) and value is not None and self.of(value) in self.marks

    def with_values(self, values: Iterable[str]) -> Marks:
        """Return the marks with those of further ids and addresses."""
        return Marks(self.salt, self.marks | {self.of(value) for value in values})


def read_marks(root: Path) -> Marks:
    """Return the marks of an OUT; with a new salt where nobody was forgotten there yet."""
    file = root / FORGOTTEN_FOLDER / MARKS_FILE
    if not file.is_file():
        return Marks(secrets.token_bytes(32))
    tree = json.loads(file.read_text(encoding="utf-8"))
    return Marks(bytes.fromhex(tree["salt"]), frozenset(tree["marks"]))


def write_marks(marks: Marks, root: Path) -> None:
    """Replace the marks of an OUT in one step."""
    folder = root / FORGOTTEN_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{MARKS_FILE}.partial"
    write_durably(partial, json.dumps({"salt": marks.salt.hex(), "marks": sorted(marks.marks)}, indent=1) + "\n")
    partial.chmod(0o600)
    partial.replace(folder / MARKS_FILE)
