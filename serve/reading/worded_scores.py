"""Stored scores with their words: each row by what its run was worded by."""

from __future__ import annotations

from collections import OrderedDict

from models.scoring.wording import ScoreSentences
from serve.reading.score_store import Row, ScoreReader

MOST_RUNS = 16
"""Runs whose words are kept in memory; some 100 KB each."""
_UNSAID = ScoreSentences((), None, None)
"""For runs that keep no words: their rows hold them."""


class WordedScores:
    """Finds the words of score rows.

    Parameters
    ----------
    store : ScoreReader
    """

    def __init__(self, store: ScoreReader) -> None:
        self._store = store
        self._by_run: OrderedDict[str, ScoreSentences] = OrderedDict()

    def worded(self, row: Row) -> Row:
        """Return a stored row with German and English words in its lists."""
        return self._of_run(row["run_id"]).worded(row)

    def _of_run(self, run_id: str) -> ScoreSentences:
        found = self._by_run.get(run_id)
        if found is None:
            wording = self._store.wording(run_id)
            if wording is None:
                return _UNSAID
            found = self._by_run[run_id] = wording.sentences
            while len(self._by_run) > MOST_RUNS:
                self._by_run.popitem(last=False)
        return found
