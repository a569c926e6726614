"""What a run left for questions about cut-offs, read again when a new run has replaced it; and answers kept ready."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import pandas as pd

from features.errors import InputError
from models.what_if.answer import Answer
from models.what_if.consequences import what_if
from models.what_if.question import Question
from models.what_if.stored_evidence import Past
from models.what_if.stored_evidence_files import FILES, past_of

Stamp = tuple[int, ...]
KEPT_ANSWERS = 64


class StoredPast:
    """Looks, open leads and cut-offs in a run's output folder, and what was answered from them.

    Parameters
    ----------
    out : Path
        Read: the files of `models.what_if.stored_evidence_files.FILES`.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._held: tuple[Stamp, Past] | None = None
        self._answers: OrderedDict[tuple[Stamp, Question], Answer] = OrderedDict()

    def current(self) -> Past:
        """Return it, read again if its files changed; while a stage is being replaced, the one before.

        Raises
        ------
        InputError
            If there is none yet, or it is of another version.
        """
        return self._current()[1]

    def answer(self, question: Question) -> Answer:
        """Return the answer of `models.what_if.consequences.what_if`; the last ones are kept.

        Raises
        ------
        PromiseNotKeptError
            If the promise cannot be kept.
        """
        stamp, past = self._current()
        key = (stamp, question)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        answer = what_if(past, question)
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return answer

    def _current(self) -> tuple[Stamp, Past]:
        with self._lock:
            try:
                stamp = tuple((self._out / name).stat().st_mtime_ns for name in FILES)
                if self._held is None or self._held[0] != stamp:
                    self._held = (stamp, self._read())
            except FileNotFoundError as error:
                if self._held is None:
                    raise InputError(
                        expected=f"a finished run in {self._out}",
                        found=f"no {Path(error.filename).name}",
                        hint="Run 'make demo' or 'leadscore run' first",
                    ) from None
            return self._held

    def _read(self) -> Past:
        return past_of(
            text=lambda name: (self._out / name).read_text(encoding="utf-8"),
            table=lambda name: pd.read_parquet(self._out / name),
        ).ready()
