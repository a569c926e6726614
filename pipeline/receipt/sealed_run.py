"""What a check of ``leadscore verify`` is: a question about a run and the receipt that speaks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from features.checks import Check, CheckResult, Need
from features.errors import InputError
from pipeline.outputs.model_files import model_folder, read_forecast
from pipeline.receipt.contents import RestsOn
from pipeline.receipt.erasures import Erasure, read_erasures
from pipeline.receipt.seal import KEY_VARIABLE, Sealed, signed_by
from pipeline.receipt.stage import RECEIPT, receipt_of
from pipeline.runner.stages import StageContext


@dataclass(frozen=True)
class SealedRun:
    """A run with its receipt, read when the first check asks for it, and once.

    Attributes
    ----------
    context : StageContext
        The run.
    key : bytes or None
        With it signatures are checked, and what bears none does not hold; without it they are not checked.
    read_tags : callable
        Returns the tags that MLflow keeps of the model that a receipt speaks of; None where it is not registered. An
        InputError says why MLflow cannot be asked.
    """

    context: StageContext
    key: bytes | None
    read_tags: Callable[[Sealed], Mapping[str, str] | None]

    @cached_property
    def sealed(self) -> Sealed:
        """The receipt.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        return receipt_of(self.context)

    @property
    def rests_on(self) -> RestsOn:
        """What the receipt names: hashes of the model, the cut-offs, the outputs and the code."""
        return self.sealed.receipt.rests_on

    @cached_property
    def erasures(self) -> list[Erasure] | InputError:
        """What was erased from the outputs on purpose, or why that record cannot be read."""
        try:
            return read_erasures(self.context.workspace.root)
        except InputError as error:
            return error

    @cached_property
    def unreadable(self) -> InputError | None:
        """Why the receipt cannot be read; None where it can."""
        try:
            self.sealed  # noqa: B018
        except InputError as error:
            return error
        return None

    @cached_property
    def broken_model(self) -> str | None:
        """Why the files of the model are not what they were saved as; None where they are."""
        try:
            read_forecast(model_folder(self.context))
        except InputError as error:
            return str(error)
        except OSError as error:
            return error.strerror or str(error)
        return None


def readable_receipt(run: SealedRun) -> str | None:
    """Need a receipt that can be read."""
    return None if run.unreadable is None else f"{RECEIPT} cannot be read"


class SealCheck(Check[SealedRun]):
    """A check of ``leadscore verify``; it gives a result for each thing that it looks at, and names it."""

    needs: ClassVar[tuple[Need, ...]] = (readable_receipt,)

    def fits(self, fits: bool, note: str, **rest: Any) -> CheckResult:
        """Return that something is as it should be, or why it is not."""
        return self.passed(**rest) if fits else self.failed(note, **rest)

    def signature(self, of: str, digest: str, signed: str | None, key: bytes | None) -> CheckResult:
        """Return whether a signature is that of the key."""
        name = f"signature of {of}"
        if key is None:
            return self.unchecked(f"{KEY_VARIABLE} is not set" if signed else "it bears none", subject=name)
        note = "it bears none" if signed is None else "not by this key"
        return self.fits(signed_by(digest, signed, key), note, subject=name)
