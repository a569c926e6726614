"""What a tool has to be able to do so that scores can be written back into it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import Field, field_validator

from features.errors import InputError
from features.strict import Strict
from pipeline.score.sinks.write_back.records import Record
from pipeline.score.sinks.write_back.sendable import NAMES, Values, Wording


class TargetOptions(Strict):
    """What every target is told in ``score.sinks.NAME``.

    Attributes
    ----------
    kind : str
    fields : dict
        A value of leadscore for each field of the tool; empty: the kind's own.
    language : {"de", "en"}
    reasons : int
        The strongest reasons that are named.
    longest : int or None
        Longest text in characters that the tool keeps.
    edited : {"overwrite", "keep"}
        What becomes of a record that a person has changed since.
    """

    kind: str
    fields: dict[str, str] = Field(default_factory=dict)
    language: Literal["de", "en"] = "en"
    reasons: int = Field(default=3, ge=0)
    longest: int | None = Field(default=None, ge=20)
    edited: Literal["overwrite", "keep"] = "overwrite"

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: dict[str, str]) -> dict[str, str]:
        unknown = [name for name in fields.values() if name not in NAMES]
        if unknown:
            raise ValueError(f"there is no value {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return fields

    @property
    def wording(self) -> Wording:
        """How much is said, and how."""
        return Wording(self.language, self.reasons, self.longest)


Purpose = Literal["send", "undo", "look"]


class OpenTarget(Protocol):
    """A target to which a connection stands, or whose file is being written."""

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Values] | None:
        """Return what the records of these leads say, of those that there are; None: nobody can read there.

        Raises
        ------
        InputError
            If the place does not answer.
        """

    def write(self, records: Sequence[Record]) -> Mapping[str, str]:
        """Write records, all that are not refused; the same records a second time change nothing.

        Returns
        -------
        mapping
            Why a lead's record was refused, by lead.

        Raises
        ------
        InputError
            If the place does not answer. What was written until then may stand there.
        """


class Target(Protocol):
    """A tool into which scores are written back. Making it opens nothing."""

    @property
    def options(self) -> TargetOptions:
        """Its settings."""

    @property
    def fields(self) -> Mapping[str, str]:
        """A value of leadscore for each field of the tool."""

    @property
    def chunk(self) -> int:
        """Records that are read and written at once."""

    @property
    def at_once(self) -> bool:
        """Whether `OpenTarget.write` has written when it returns; else the end of `opened` has."""

    def place(self, outputs: Path) -> Mapping[str, Any]:
        """Return where the target is, as JSON, without user or password."""

    def opened(self, run_id: str, purpose: Purpose = "send") -> AbstractContextManager[OpenTarget]:
        """Open the place for the records of a run. To ``look``, nothing is written there, and nothing is made."""

    def left_after_undo(self, run_id: str) -> str | None:
        """Return what an undo cannot take back by itself, and what to do; None where it takes back all."""


def password_from_environment(name: str, variable: str | None) -> str | None:
    """Return a target's password.

    Parameters
    ----------
    name : str
        The sink's; ``LEADSCORE_NAME_PASSWORD`` is asked where no variable is given.
    variable : str or None

    Raises
    ------
    InputError
        If a variable is given and is empty.
    """
    found = os.environ.get(variable or f"LEADSCORE_{name.upper()}_PASSWORD")
    if variable is not None and not found:
        raise InputError(
            expected=f"the password in the environment variable {variable}", found="nothing there",
            table=f"score.sinks.{name}",
        )  # fmt: skip
    return found
