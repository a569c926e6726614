"""``leadscore forget``: a person is erased from all that is ours, marked against coming back, and looked for."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from features.errors import InputError
from features.time_units import format_time
from pipeline.forget.erase import NOT_OURS, erase_from_files
from pipeline.forget.person import Person, find_person
from pipeline.forget.search import Wanted, traces_left
from pipeline.outputs.forgotten import read_marks, write_marks
from pipeline.receipt.erasures import begin_erasure, end_erasure
from pipeline.receipt.seal import key_from_environment
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace
from pipeline.score.sinks.erase_leads import erase_leads, rows_about
from pipeline.settings.settings import Settings
from pipeline.telling.tell import erase_told


@dataclass(frozen=True)
class Forgotten:
    """What was done, and what is left.

    Attributes
    ----------
    leads : int
        Leads that were this person.
    rows : dict of str to int
        Rows that were erased, by table of the store and by file below OUT.
    left : tuple of str
        Where traces still stand in what is ours; none when all went well.
    not_ours : tuple of str
        Where they stand in the company's own exports.
    """

    leads: int
    rows: dict[str, int]
    left: tuple[str, ...]
    not_ours: tuple[str, ...]

    def to_json(self) -> str:
        """Return all of it for machines."""
        return json.dumps(asdict(self), indent=1)

    def to_text(self) -> str:
        """Return all of it for people; nothing in it names the person."""
        lines = [f"{self.leads} lead(s) of this person, {sum(self.rows.values())} rows erased:"]
        lines += [f"  {place}: {count}" for place, count in sorted(self.rows.items())]
        lines += ["Still there, in what is ours:", *(f"  {place}" for place in self.left)] if self.left else [
            "All files and tables were searched: nothing is left in what is ours."
        ]  # fmt: skip
        if self.not_ours:
            lines += [
                "Still there, in exports of yours (erase them there):",
                *(f"  {place}" for place in self.not_ours),
            ]
        lines.append("A salted mark is kept: the next ingestion leaves this person out.")
        return "\n".join(lines)


def forget(out: Path, lead_id: str, settings: Settings, *, data: Path | None = None) -> Forgotten:
    """Erase a person; a second time finds nothing more and changes nothing.

    Parameters
    ----------
    out : Path
    lead_id : str
        Any of the person's leads.
    settings : Settings
        Say where the store is.
    data : Path, optional
        The company's exports: they are searched and left as they are.

    Raises
    ------
    InputError
        If nothing is known of this lead and nobody of this id was ever forgotten.
    """
    workspace, key = Workspace(out), key_from_environment()
    with workspace.locked():
        context, marks = StageContext(workspace, settings, None, None, {}), read_marks(out)
        person = find_person(lead_id, out, context.spec())
        write_marks(marks.with_values((*person.lead_ids, *person.addresses)), out)  # first: who dies here can repeat
        begin_erasure(workspace, time=format_time(time.time_ns() // 1000))
        rows = erase_leads(settings.score.store, out, person.lead_ids)
        rows |= erase_from_files(out, person.lead_ids)
        rows |= erase_told(settings, out, person.lead_ids)
        end_erasure(workspace, key)
        if not rows and not marks.names(lead_id):
            write_marks(marks, out)
            raise InputError(expected="a lead that something is known of", found=repr(lead_id), table="forget")
        left, not_ours = _left(out, person, settings, data)
    return Forgotten(len(person.lead_ids), rows, left, not_ours)


def _left(out: Path, person: Person, settings: Settings, data: Path | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = list(traces_left(out, person.traces))
    theirs = [place for place in found if place.split("/")[0] in NOT_OURS]
    ours = [place for place in found if place not in theirs]
    is_about = Wanted(person.traces).in_cell
    ours += [f"store, table {name}" for name in rows_about(settings.score.store, out, person.traces, is_about)]
    if data is not None and not data.resolve().is_relative_to(out.resolve()):
        theirs += [f"{data.name}/{place}" for place in traces_left(data, person.traces)]
    return tuple(ours), tuple(theirs)
