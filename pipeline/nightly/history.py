"""What is kept of the nights: ``OUT/nightly/history.jsonl``, and what somebody let pass, in ``accepted.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from features.errors import InputError
from features.strict import Strict
from models.brakes.night import Night
from models.brakes.odd_export import OddThing
from pipeline.runner.workspace import write_durably

Entry = TypeVar("Entry", bound=Strict)
FOLDER, HISTORY, ACCEPTED = "nightly", "history.jsonl", "accepted.jsonl"
MOST_NIGHTS = 400
"""So many are kept."""


class Accepted(Strict):
    """What somebody let pass: the export, or what it makes of the open leads, by the digest of the ingested tables."""

    export: str
    odd: tuple[str, ...]
    name: str
    why: str
    time: str


class Nights:
    """The history of an OUT.

    Parameters
    ----------
    root : Path
        OUT.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER

    def past(self) -> list[Night]:
        """Return the nights that are kept, oldest first."""
        return [_read(Night, line, HISTORY) for line in self._lines(HISTORY)]

    def keep(self, night: Night) -> None:
        """Keep a night; the same export again takes the place of what was kept of it."""
        nights = self.past()
        if nights and nights[-1].export == night.export:
            nights.pop()
        self._write(HISTORY, [*nights, night][-MOST_NIGHTS:])

    def is_accepted(self, export: str, odd: Sequence[OddThing]) -> bool:
        """Whether somebody let all of these odd things of an export pass."""
        passed = {what for entry in self.accepted() if entry.export == export for what in entry.odd}
        return {one.what for one in odd} <= passed

    def accepted(self) -> list[Accepted]:
        """Return what was let pass, oldest first."""
        return [_read(Accepted, line, ACCEPTED) for line in self._lines(ACCEPTED)]

    def accept(self, entry: Accepted) -> None:
        """Keep what somebody lets pass, and who and why."""
        self._write(ACCEPTED, [*self.accepted(), entry])

    def _lines(self, name: str) -> list[str]:
        file = self._folder / name
        return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []

    def _write(self, name: str, entries: Sequence[Strict]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f".{name}.partial"
        lines = [json.dumps(entry.model_dump(mode="json"), sort_keys=True, ensure_ascii=False) for entry in entries]
        write_durably(partial, "".join(f"{line}\n" for line in lines))
        partial.replace(self._folder / name)


def _read(kind: type[Entry], line: str, name: str) -> Entry:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        problem = str(error).splitlines()[0]
        hint = "Move the file away to begin anew: the next night is then held against the last one only"
        raise InputError(expected="nights as leadscore keeps them", found=problem, table=name, hint=hint) from None
