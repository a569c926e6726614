"""Write-back as a sink: after the store has a run, a tool gets of each open lead what it does not say already."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import sqlalchemy as sa

from features.errors import InputError
from pipeline.runner.job_log import say
from pipeline.score.sinks.sink import ScoreRun, Undone, UndoNote
from pipeline.score.sinks.store_tables import WRITE_BACKS
from pipeline.score.sinks.store_url import read_url
from pipeline.score.sinks.write_back.databases import answering, opened_engine
from pipeline.score.sinks.write_back.ledger import opened_ledger
from pipeline.score.sinks.write_back.records import Record
from pipeline.score.sinks.write_back.sending import NAMED, Sending, chunks, send
from pipeline.score.sinks.write_back.taking_back import TakenBack, take_back
from pipeline.score.sinks.write_back.target import Target
from pipeline.score.sinks.write_back.targets import make_target

_NAME = re.compile("[a-z][a-z0-9_]{0,39}")


class WriteBackSink:
    """A tool in which people work, and the ledger of what it was sent: a sink (`sink.Sink`).

    Parameters
    ----------
    name : str
        The sink's name in ``score.sinks``: the ledger knows it by that.
    target : Target
    store : sqlalchemy.URL
        Of the score store, in whose database the ledger is. `ScoreStore.migrate` makes its tables.
    """

    def __init__(self, name: str, target: Target, store: sa.URL) -> None:
        self.name, self.target, self._store = name, target, store

    @classmethod
    def from_settings(cls, given: Mapping[str, Any], outputs: Path) -> Self:
        """Return the sink of ``score.sinks.NAME``; ``name`` and the URL of the ``store`` come with its settings."""
        settings = {key: value for key, value in given.items() if key not in ("name", "store")}
        name = str(given["name"])
        if not _NAME.fullmatch(name):
            raise InputError(
                expected="a name of lower case letters, digits and underscores", found=name, table="score.sinks"
            )
        return cls(name, make_target(name, settings, outputs), read_url(given["store"]))

    def place(self, outputs: Path) -> dict[str, Any]:
        """Return kind, address and fields."""
        options = self.target.options
        said = {"language": options.language, "reasons": options.reasons, "longest": options.longest}
        return {"kind": options.kind, **self.target.place(outputs), "fields": dict(self.target.fields), **said}

    def write(
        self,
        scores: Iterable[pa.RecordBatch],
        run: ScoreRun,
        *,
        now: datetime,
        on_rows: Callable[[int], None] | None = None,
    ) -> int:
        """Send what changed since it was sent last; broken off and repeated, it goes on where it stopped.

        Returns
        -------
        int
            Records that were sent.

        Raises
        ------
        InputError
            If tool or ledger do not answer, or another job writes to this tool.
        """
        whole = Sending()
        with opened_ledger(self._store, self.name, writing=True) as ledger:
            for part in send(scores, run, self.target, ledger, now=now):
                whole.sent += part.sent
                whole.same += part.same
                whole.edited += part.edited
                whole.refused |= part.refused
                if on_rows is not None:
                    on_rows(part.sent + part.same + len(part.refused))
        self._say(whole)
        return whole.sent

    def holds(self, run: ScoreRun) -> bool:
        """Whether the run was sent there to its end, as the last one; one that was taken back since stays so."""
        if self._store.get_backend_name() == "sqlite" and not Path(self._store.database or "").is_file():
            return False
        with opened_engine(self._store, "score.store") as engine, answering(self._store, "score.store"):
            if not sa.inspect(engine).has_table(WRITE_BACKS.name):
                return False
        with opened_ledger(self._store, self.name, writing=False) as ledger:
            sent = ledger.write_backs(undone=True)
        return bool(sent) and sent[-1].run_id == run.run_id and sent[-1].finished

    def would_send(self, scores: Iterable[pa.RecordBatch], run: ScoreRun) -> Iterator[Record]:
        """Yield what `write` would send, with what stands there; nothing is written anywhere."""
        with (
            opened_ledger(self._store, self.name, writing=False) as ledger,
            self.target.opened(run.run_id, "look") as there,
        ):
            for chunk in chunks(scores, run, self.target, there, ledger):
                yield from chunk.records

    def undo(self, run_id: str, note: UndoNote) -> Undone:
        """Write back what stood there before a run, where the tool lets it and nobody has changed it since.

        A run below it that the store counts as taken back already, and over which this one was sent, goes with it.
        """
        with opened_ledger(self._store, self.name, writing=True) as ledger:
            was_newest = [one.run_id for one in ledger.write_backs()][-1:] == [run_id]
            taken = [take_back(run_id, self.target, ledger, now=note.at)]
            while was_newest and (left := ledger.write_backs()) and ledger.undone_in_store(left[-1].run_id):
                taken.append(take_back(left[-1].run_id, self.target, ledger, now=note.at))
            standing = ledger.write_backs()
        sentences = [sentence for one in taken for sentence in _not_restored(one)]
        return Undone(standing[-1].run_id if standing else None, was_newest, tuple(sentences))

    def _say(self, whole: Sending) -> None:
        for lead_id, why in list(whole.refused.items())[:NAMED]:
            say(f"{self.name}: lead {lead_id} was not written: {why}")
        if len(whole.refused) > NAMED:
            say(f"{self.name}: {len(whole.refused) - NAMED} further leads were not written")
        if whole.edited:
            done = "were written over" if self.target.options.edited == "overwrite" else "stay as they are"
            names = ", ".join(whole.edited[:NAMED]) + (", …" if len(whole.edited) > NAMED else "")
            say(f"{self.name}: {len(whole.edited)} records that somebody has changed {done}: {names}")


def _not_restored(taken: TakenBack) -> Iterator[str]:
    """Yield what is not as it was before, each as a sentence."""
    if taken.note is not None:
        yield f"{taken.note[0].upper()}{taken.note[1:]}."
    for lead_id, why in list(taken.left.items())[:NAMED]:
        yield f"The record of lead {lead_id} is left as it is: {why}."
    if len(taken.left) > NAMED:
        yield f"{len(taken.left) - NAMED} further records are left as they are."
