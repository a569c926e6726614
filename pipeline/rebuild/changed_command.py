"""``leadscore changed``: why a lead's score is another than before, in parts that add up."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from features.errors import InputError
from features.language.dates import date_time
from features.language.numbers import number
from features.language.sentences import say, words
from features.time_units import format_time
from models.scoring.changes import band_causes, total_change
from pipeline.history.folder import HistoryFolder, RunFolder
from pipeline.rebuild.changed import changes_between
from pipeline.score.sinks.lead_scores import find_plain_score, read_plain_score
from pipeline.settings.settings import Settings


@dataclass(frozen=True)
class Changed:
    """The change between two scores of a lead.

    Attributes
    ----------
    lead_id : str
    since, until : str
        Moments of the two scores, ISO 8601, UTC.
    runs : tuple of (str, str)
        The earlier run and the later one.
    parts : tuple of dict
        As `models.scoring.changes.split_changes` says, with ``de`` and ``en``; none where the target is reached.
    """

    lead_id: str
    since: str
    until: str
    runs: tuple[str, str]
    parts: tuple[dict[str, Any], ...]

    def to_json(self) -> str:
        """Return all of it for machines."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    def to_text(self) -> str:
        """Return all of it for people."""
        since, until = (date_time(datetime.fromisoformat(moment), "en") for moment in (self.since, self.until))
        lines = [f"{self.lead_id}: from {since} to {until}"]
        if not self.parts:
            return "\n".join([*lines, "The target was reached at one of the two: there is nothing to split."])
        before, now = self.parts[0]["percentage_points"], sum(part["percentage_points"] for part in self.parts)
        moved = number(total_change(self.parts), "en", digits=1, signed=True)
        lines.append(f"{number(before, 'en', digits=1)} % then, {number(now, 'en', digits=1)} % now: {moved} points")
        for part in self.parts[1:]:
            lines.append(f"  {number(part['percentage_points'], 'en', digits=1, signed=True):>6}  {part['en']}")
        if causes := band_causes(self.parts):
            why = ", ".join(say(f"change.{cause}", "en") for cause in causes)
            lines.append(f"band: {self.parts[0]['band']} → {self.parts[-1]['band']}, by: {why}")
        return "\n".join(lines)


def changed(
    out: Path, lead_id: str, settings: Settings, *, since_us: int | None = None, until_us: int | None = None
) -> Changed:
    """Split the change between two scores of a lead.

    Parameters
    ----------
    out : Path
        With ``history``.
    lead_id : str
    settings : Settings
        Say where the store is.
    since_us, until_us : int, optional
        In microseconds since 1970 UTC. The scores that were the newest at these times; by default the newest of all,
        and the one before it.

    Raises
    ------
    InputError
        If there are no two scores, or what they were made from is no longer kept.
    """
    store, history = settings.score.store, HistoryFolder(out)
    now = read_plain_score(store, out, lead_id, at=_time(until_us))
    at = _time(since_us) or now["finished_at"] - timedelta(microseconds=1)
    then = find_plain_score(store, out, lead_id, at=at)
    if then is None or then["run_id"] == now["run_id"]:
        raise InputError(expected="two scores of this lead", found="one", hint="Give another --since or --until")
    earlier, later = _kept(history, then["run_id"]), _kept(history, now["run_id"])
    with TemporaryDirectory(prefix="leadscore-changed-") as scratch:
        found = changes_between(history, earlier, later, Path(scratch), [lead_id]).get(lead_id)
    if found is None:
        raise InputError(
            expected="two scores that can be compared", found="decisions whose cut-offs work on different targets",
        )  # fmt: skip
    parts = tuple(part | words(f"change.{part['part']}").model_dump() for part in found)
    return Changed(lead_id, then["as_of"].isoformat(), now["as_of"].isoformat(), (then["run_id"], now["run_id"]), parts)


def _time(us: int | None) -> datetime | None:
    return None if us is None else datetime.fromisoformat(format_time(us))


def _kept(history: HistoryFolder, run_id: str) -> RunFolder:
    folder = history.run(run_id)
    if folder is None:
        hint = "Runs are kept from this version on, until 'leadscore prune' drops them"
        raise InputError(expected=f"what is kept of run {run_id} in {history.folder}", found="nothing", hint=hint)
    return folder
