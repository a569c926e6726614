"""An undo in one place: each record says again what it said before the run, unless somebody has changed it since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.score.sinks.write_back.ledger import Ledger
from pipeline.score.sinks.write_back.records import Record, Sent, alike, stands_there
from pipeline.score.sinks.write_back.sendable import COMPANIONS, Values
from pipeline.score.sinks.write_back.target import OpenTarget, Target


@dataclass
class TakenBack:
    """What became of an undo in one place.

    Attributes
    ----------
    records : int
        That say again what they said before.
    left : dict of str to str
        Why a lead's record is left as it is.
    note : str or None
        What cannot be taken back from here.
    """

    records: int = 0
    left: dict[str, str] = field(default_factory=dict)
    note: str | None = None


def take_back(run_id: str, target: Target, ledger: Ledger, *, now: datetime) -> TakenBack:
    """Write back what stood there before a run; a broken-off undo can be repeated.

    Raises
    ------
    InputError
        If the place does not answer.
    """
    result = TakenBack()
    standing = ledger.write_backs()
    if run_id not in {one.run_id for one in standing}:
        return result
    newest = standing[-1]
    if newest.run_id != run_id:
        return TakenBack(note=f"run {newest.run_id} was sent there afterwards: undo that one first")
    after = ""
    with target.opened(run_id, "undo") as there:
        while some := ledger.sent_at(newest.position, after, target.chunk):
            _take_back(some, target, there, result)
            after = some[-1].lead_id
    ledger.undone(newest.position, now=now)
    result.note = target.left_after_undo(run_id) if result.records else None
    return result


def _take_back(some: Sequence[Sent], target: Target, there: OpenTarget, result: TakenBack) -> None:
    stands = there.read([one.lead_id for one in some])
    companions = {theirs for theirs, ours in target.fields.items() if ours in COMPANIONS}
    records = []
    for one in some:
        says: Values | None = one.sent if stands is None else stands.get(one.lead_id)
        says = None if says is None else {name: says.get(name) for name in one.sent}
        never_sent = stands is None and one.stands is None
        if never_sent or alike(says, one.before):
            continue
        if stands_there(one, says, companions):
            records.append(Record(one.lead_id, one.before, says))
        else:
            result.left[one.lead_id] = "somebody has changed it since"
    refused = there.write(records) if records else {}
    result.left |= refused
    result.records += len(records) - len(refused)
