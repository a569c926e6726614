"""One run into one place: what a record does not say already, a chunk at a time, in the ledger before it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import pyarrow as pa

from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.write_back.ledger import Ledger
from pipeline.score.sinks.write_back.records import Record, Sent, decide, of_fields
from pipeline.score.sinks.write_back.sendable import (
    COMPANIONS,
    Sendable,
    Values,
    observed_until,
    sendables,
    sentences_of,
)
from pipeline.score.sinks.write_back.target import OpenTarget, Target

NAMED = 20
"""So many leads are named in a message."""


@dataclass
class Sending:
    """What became of a run's records.

    Attributes
    ----------
    sent, same : int
        Records that were sent; those that said it already.
    edited : list of str
        Leads whose record a person has changed since it was sent.
    refused : dict of str to str
        Why the place refused a lead's record.
    """

    sent: int = 0
    same: int = 0
    edited: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Chunk:
    """Records that are to be sent at once.

    Attributes
    ----------
    leads : int
        Leads that were looked at.
    records : list of Record
        Of those that are to be sent.
    scores : dict of str to int
        Points of each of these leads.
    edited : list of str
        Leads whose record a person has changed.
    """

    leads: int
    records: list[Record]
    scores: dict[str, int]
    edited: list[str]


def send(
    batches: Iterable[pa.RecordBatch], run: ScoreRun, target: Target, ledger: Ledger, *, now: datetime
) -> Iterator[Sending]:
    """Send what changed, and yield the count of each chunk when the place has it.

    Raises
    ------
    InputError
        If the place does not answer. What it has acknowledged until then is not sent again.
    """
    position = ledger.begin(run.run_id, as_of=observed_until(run.about), now=now)
    with target.opened(run.run_id) as there:
        for chunk in chunks(batches, run, target, there, ledger):
            ledger.intend(position, chunk.records, chunk.scores)
            refused = there.write(chunk.records) if chunk.records else {}
            accepted = [record.lead_id for record in chunk.records if record.lead_id not in refused]
            if target.at_once and chunk.records:
                says = there.read(accepted) or {}
                stands = {lead_id: of_fields(says[lead_id], target.fields) for lead_id in accepted if lead_id in says}
                ledger.acknowledge(position, stands, list(refused))
            yield Sending(len(accepted), chunk.leads - len(chunk.records), chunk.edited, dict(refused))
    ledger.finish(position, now=now, acknowledge_all=not target.at_once)


def chunks(
    batches: Iterable[pa.RecordBatch], run: ScoreRun, target: Target, there: OpenTarget, ledger: Ledger
) -> Iterator[Chunk]:
    """Yield what is to be sent, decided by what the records say and what they were sent before."""
    sentences = sentences_of(run)
    leads = (lead for batch in batches for lead in sendables(batch, run, sentences, target.options.wording))
    while some := list(islice(leads, target.chunk)):
        yield _decided({lead.lead_id: lead for lead in some}, target, there, ledger)


def _decided(leads: Mapping[str, Sendable], target: Target, there: OpenTarget, ledger: Ledger) -> Chunk:
    sent = ledger.sent_to(list(leads))
    stands = there.read(list(leads))
    if stands is None:  # nobody can read there: what it was sent last stands for it
        stands = {lead_id: last[-1] for lead_id in leads if (last := _acknowledged(sent.get(lead_id, ())))}
    companions = {theirs for theirs, ours in target.fields.items() if ours in COMPANIONS}
    chunk = Chunk(len(leads), [], {}, [])
    for lead_id, lead in leads.items():
        history = sent.get(lead_id, [])
        wanted = lead.values(target.fields)
        before = of_fields(stands[lead_id], target.fields) if lead_id in stands else None
        decision = decide(wanted, before, history, companions=companions)
        if decision == "changed":
            chunk.edited.append(lead_id)
        if decision == "send" or (decision == "changed" and target.options.edited == "overwrite"):
            chunk.records.append(Record(lead_id, wanted, before))
            chunk.scores[lead_id] = lead.score
    return chunk


def _acknowledged(history: Sequence[Sent]) -> list[Values]:
    return [one.sent for one in history if one.stands is not None]
