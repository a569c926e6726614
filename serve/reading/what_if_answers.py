"""What a run left for questions about cut-offs, read again when a new run has replaced it; and answers kept ready."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import pandas as pd

from models.what_if.answer import Answer
from models.what_if.consequences import what_if
from models.what_if.question import Question
from models.what_if.stored_evidence import Past
from models.what_if.stored_evidence_files import STAGES, past_of
from serve.reading.stage_outputs import Edition, StageOutputs

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
        self._outputs = StageOutputs(out, STAGES, self._read)
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[Edition, Question], Answer] = OrderedDict()

    def current(self) -> Past:
        """Return what the newest evaluation left, with the cut-offs that it evaluated.

        Raises
        ------
        InputError
            If there is none yet, or it is of another version.
        """
        return self._outputs.current().value

    def answer(self, question: Question) -> Answer:
        """Return the answer of `models.what_if.consequences.what_if`; the last ones are kept.

        Raises
        ------
        PromiseNotKeptError
            If the promise cannot be kept.
        """
        made = self._outputs.current()
        key = (made.edition, question)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        answer = what_if(made.value, question)
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return answer

    def _read(self) -> Past:
        return past_of(
            text=lambda name: (self._out / name).read_text(encoding="utf-8"),
            table=lambda name: pd.read_parquet(self._out / name),
        ).ready()
