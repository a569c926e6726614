"""What was made of the outputs of some stages, made again when they were replaced; never of a mixture of two runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from features.errors import InputError
from models.stage_stamps import STAMP, Stamp, made_from_others

T = TypeVar("T")
Edition = tuple[int, ...]
"""When each stage was completed: it names the outputs that a value was made from."""


class MixedRunsError(InputError):
    """The outputs that lie there are not those of one run."""


@dataclass(frozen=True)
class Made(Generic[T]):
    """A value, and the edition of the outputs that it was made from."""

    edition: Edition
    value: T


class StageOutputs(Generic[T]):
    """A value made of the outputs of some stages, for all threads of a server.

    It is made again when a stage has replaced its outputs. While the outputs are not those of one run, and while a
    folder is just being replaced, the value of the last whole set stays in force.

    Parameters
    ----------
    out : Path
        The folder of a run.
    stages : tuple of str
        Stages whose outputs are read. Where one reads another, it must have been made from the outputs that lie there.
    make : callable
        Reads the files and returns the value; a `MixedRunsError` of it says that they do not belong together.
    nightly : tuple of str
        Further stages whose outputs are read: those that the nightly job replaces without training anew.
    """

    def __init__(
        self, out: Path, stages: tuple[str, ...], make: Callable[[], T], *, nightly: tuple[str, ...] = ()
    ) -> None:
        self._out, self._stages, self._nightly, self._make = out, stages, nightly, make
        self._lock = threading.Lock()
        self._made: Made[T] | None = None
        self._refused: tuple[Edition, MixedRunsError] | None = None

    def current(self) -> Made[T]:
        """Return the value of the newest whole set.

        Raises
        ------
        InputError
            If there has been no whole set yet, which says what to run; or if the files of a new one are damaged.
        """
        made = self._made
        if not self._lock.acquire(blocking=made is None):
            return cast("Made[T]", made)  # somebody else is looking, or reading a new set
        try:
            try:
                edition = self._edition()
                if self._made is None or self._made.edition != edition:
                    self._made = self._read(edition)
            except FileNotFoundError as error:
                if self._made is None:
                    raise self._unfinished(error) from None
            except MixedRunsError as error:
                self._refused = (edition, error)
                if self._made is None:
                    raise
            return self._made
        finally:
            self._lock.release()

    def newer(self) -> str | None:
        """Return why newer outputs that lie there are not in use, as of the last look; None where the newest are."""
        with self._lock:
            return None if self._refused is None else str(self._refused[1])

    def _read(self, edition: Edition) -> Made[T]:
        if self._refused is not None and self._refused[0] == edition:
            raise self._refused[1]  # the same files as a moment ago
        mixed = made_from_others([self._stamp(stage) for stage in self._stages])
        if mixed is not None:
            stage, other = mixed
            raise MixedRunsError(
                expected=f"outputs of one run in {self._out}",
                found=f"those of stage {stage} made from other outputs of stage {other} than lie there",
                hint=f"Run 'leadscore {stage}', or wait until the run that is at work has come to it",
            )
        value = self._make()
        if self._edition() != edition:
            raise MixedRunsError(
                expected=f"outputs of one run in {self._out}", found="a stage that is just replacing its own",
                hint="Try again",
            )  # fmt: skip
        self._refused = None
        return Made(edition, value)

    def _edition(self) -> Edition:
        return tuple((self._out / stage / STAMP).stat().st_mtime_ns for stage in (*self._stages, *self._nightly))

    def _stamp(self, stage: str) -> Stamp:
        return Stamp.from_json((self._out / stage / STAMP).read_text(encoding="utf-8"))

    def _unfinished(self, error: FileNotFoundError) -> InputError:
        absent = "/".join(Path(error.filename).parts[-2:]) if error.filename else str(error)
        return InputError(
            expected=f"a finished run in {self._out}", found=f"no {absent}",
            hint="Run 'make demo' or 'leadscore run' first",
        )  # fmt: skip
