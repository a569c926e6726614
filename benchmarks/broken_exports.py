"""Break exports in two ways at a time, read them as a newcomer would, and count what is believed wrongly.

    python benchmarks/broken_exports.py [--exports N] [--leads N] [--seed N] [--workers N] [--show KIND]

Each export is drawn clean, broken by two kinds of trouble that real exports have (`export_kinds`), and read by
``leadscore init`` and ``leadscore ingest`` with nothing written by hand. What was ingested is compared with the clean
original, cell by cell:

- *read right*: every lead, value, act and stage is there;
- *said*: something is missing, and init or ingest named it (a column left out, a row among the rejects, a question);
- *refused*: exit code 2 with a message;
- *wrong silently*: a value, a lead, an act or an outcome is wrong or missing and nobody said so;
- *crashed*: a traceback, or another exit code.

Prints a table by kind; the last line is ``wrong silently: N of 1000``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import sys
import tempfile
import traceback
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.cli import main as leadscore
from pipeline.init.guess import slug

if TYPE_CHECKING:
    from clean_export import Export

sys.path.insert(0, str(Path(__file__).parent))
from clean_export import LOST, WON, clean_export
from export_kinds import KINDS, go_together

RIGHT, SAID, REFUSED, WRONG, CRASHED = "read right", "said", "refused", "wrong silently", "crashed"
VERDICTS = (RIGHT, SAID, REFUSED, WRONG, CRASHED)


@dataclass(frozen=True)
class Verdict:
    """How one export came out: its kinds, the verdict, and the first things that differ."""

    seed: int
    kinds: tuple[str, str]
    verdict: str
    why: str


def broken(seed: int, leads: int) -> tuple[Export, tuple[str, str]]:
    """Draw an export, and break it by two kinds of trouble, tables before values before files."""
    rng = np.random.default_rng(seed)
    export = clean_export(rng, leads)
    names = list(KINDS)
    pairs = [pair for pair in combinations(names, 2) if go_together(*pair)]
    first, second = pairs[int(rng.integers(len(pairs)))]
    for name in (first, second):
        KINDS[name](export, rng)
    return export, (first, second)


def judged(seed: int, leads: int) -> Verdict:
    """Break one export, read it, and compare."""
    export, kinds = broken(seed, leads)
    with tempfile.TemporaryDirectory(prefix="broken-") as scratch:
        folder = Path(scratch)
        (folder / "data").mkdir()
        files = [sheet.write(folder / "data") for sheet in export.sheets()]
        try:
            verdict, why = read_export(export, folder, files)
        except Exception:  # noqa: BLE001 (whatever a reader raises is what this counts)
            verdict, why = CRASHED, traceback.format_exc(limit=-2)
    return Verdict(seed, kinds, verdict, why)


def read_export(export: Export, folder: Path, files: list[Path]) -> tuple[str, str]:
    """Read files with init and ingest in a scratch folder; return the verdict and what it rests on."""
    said = ""
    start = [part for file in files for part in ("--from", str(file))]
    where = ["--source", str(folder / "sources" / "read"), "--data", str(folder / "data")]
    for arguments in (
        ["init", "read", *start, "--into", str(folder / "sources")],
        ["ingest", *where, "--out", str(folder / "out")],
    ):
        code, text = _called(arguments)
        said += text
        if code == 2:
            return REFUSED, text.strip()[-300:]
        if code != 0 or "Traceback" in text:
            return CRASHED, text[-500:]
    differences = list(compared(export, folder / "out" / "ingest", said))
    silent = [what for what, is_said in differences if not is_said]
    if silent:
        return WRONG, "; ".join(silent[:3])
    return (SAID, differences[0][0]) if differences else (RIGHT, "")


def _called(arguments: list[str]) -> tuple[int, str]:
    """Run a command as a terminal would, and return its exit code and all that it printed."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        try:
            leadscore(arguments)
        except SystemExit as end:
            return int(end.code or 0), stream.getvalue()
    return 0, stream.getvalue()


def normal(key: str) -> str:
    """Return an id without what tools do to it: so that the id itself is compared, not its form."""
    text = key.strip().removeprefix('="').removesuffix('"').strip()
    if re.fullmatch(r"\d+(\.0)?|\d\.\d+[eE][+]\d+", text):
        return str(int(float(text)))
    return text[:15]


def compared(export: Export, ingested: Path, said: str) -> list[tuple[str, bool]]:
    """Return what differs between what was ingested and the truth, each with whether somebody said so."""
    truth = export.truth
    number = {normal(key): lead for lead, key in enumerate(truth.ids)}
    tables = {name: pd.read_parquet(ingested / f"{name}.parquet") for name in ("leads", "events", "stages", "rejects")}
    for name in ("leads", "events", "stages"):
        tables[name]["lead"] = [number.get(normal(str(key)), -1) for key in tables[name]["lead_id"]]
    rejected: dict[str, set[int]] = defaultdict(set)
    for row in tables["rejects"].itertuples(index=False):
        rejected[str(row.table)].add(number.get(normal(str(row.lead_id)), -1))
    return [
        *_leads(export, tables["leads"], rejected["leads"], said),
        *_values(export, tables["leads"], said),
        *_acts(export, tables["events"], rejected, said),
        *_outcomes(export, tables["stages"], rejected, said, json.loads((ingested / "spec.json").read_text())),
    ]


def _same(export: Export, there: datetime, right: datetime) -> bool:
    return there.date() == right.date() if export.resolution == "day" else abs(there - right) < timedelta(minutes=1)


def _leads(export: Export, leads: pd.DataFrame, rejected: set[int], said: str) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    times = dict(zip(leads["lead"], leads["created_at"], strict=True))
    for lead, right in enumerate(export.truth.created):
        spoilt = ("leads", lead, "created") in export.spoilt
        if lead not in times:
            found.append((f"lead {lead} is missing", lead in rejected))
        elif not _same(export, times[lead].to_pydatetime(), right):
            found.append((f"lead {lead} is dated {times[lead]}, not {right}", spoilt and "Created at" in said))
    if len(leads) > len(times) or -1 in times:
        found.append((f"{len(leads)} leads, of which {len(times)} are known", False))
    return found


def _values(export: Export, leads: pd.DataFrame, said: str) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for heading, column in export.truth.fit.items():
        if slug(heading) not in leads:
            found.append((f"{heading} is left out", repr(heading) in said))
            continue
        wrong = [
            f"{heading} of lead {lead} is {there!r}, not {column[lead]!r}"
            for lead, there in zip(leads["lead"], leads[slug(heading)], strict=True)
            if lead >= 0 and not _equal(there, column[lead], blank_is_no=export.blank_is_no)
        ]
        found += [(wrong[0], False)] if wrong else []
    return found


def _equal(there: object, right: object, *, blank_is_no: bool) -> bool:
    if pd.isna(there):  # type: ignore[call-overload]
        return right is None or (right is False and blank_is_no)
    if isinstance(right, bool):
        return str(there).lower() in (
            ("true", "yes", "ja", "x", "wahr") if right else ("false", "no", "nein", "falsch")
        )
    if isinstance(right, float):
        try:
            return abs(float(there) - right) <= 1e-6 * abs(right)  # type: ignore[arg-type]
        except ValueError:
            return False
    return there == right


def _acts(
    export: Export, events: pd.DataFrame, rejected: dict[str, set[int]], said: str
) -> list[tuple[str, bool]]:  # fmt: skip
    gone = rejected["leads"] | rejected["events"]
    right = Counter((lead, kind) for lead, _, kind in export.truth.events)
    there = Counter(zip(events["lead"], events["event_type"], strict=True))
    if not there:
        return [("no act was read", "events: none" in said)]
    missing = [key for key, count in right.items() if there[key] < count and key[0] not in gone]
    found = [(f"{len(missing)} acts are missing, the first of lead {missing[0][0]}", False)] if missing else []
    last = max(moment for _, moment, _ in export.truth.events)
    times: dict[tuple[int, str], list[datetime]] = {key: [] for key in right}
    for lead, moment, kind in export.truth.events:
        times[lead, kind].append(moment)
    for lead, moment, kind in zip(events["lead"], events["occurred_at"], events["event_type"], strict=True):
        known = times.get((lead, kind))
        if known is None or not any(_same(export, moment.to_pydatetime(), right_time) for right_time in known):
            is_ahead = moment.to_pydatetime() > last and "lie after that" in said  # planned, and said to be
            found.append((f"lead {lead}: {kind} at {moment} never was", is_ahead))
    return found


def _outcomes(
    export: Export, stages: pd.DataFrame, rejected: dict[str, set[int]], said: str, spec: dict[str, Any]
) -> list[tuple[str, bool]]:
    if stages.empty:
        return [("no stage was read", "stages: none" in said)]
    gone = rejected["leads"] | rejected["stages"]
    top = spec["ladder"][-1]
    top = top if isinstance(top, str) else top["stage"]
    won = {lead: moment for lead, stage, moment in export.truth.stages if stage == WON}
    lost = {lead for lead, stage, _ in export.truth.stages if stage == LOST}
    tops = stages[stages["stage"] == top]
    there = dict(zip(tops["lead"], tops["entered_at"], strict=True))
    renaming = "renamed?" in said
    found = [(f"lead {lead} is not won", lead in gone) for lead in won if lead not in there]
    found += [(f"lead {lead} is won, which it is not", False) for lead in there if lead not in won]
    found += [
        (f"lead {lead} is won at {there[lead]}, not {moment}", lead in gone)
        for lead, moment in won.items()
        if lead in there and not _same(export, there[lead].to_pydatetime(), moment)
    ]
    ends = set(stages.loc[stages["stage"].isin(spec["lost"]), "lead"])
    found += [(f"lead {lead} is lost, which it is not", False) for lead in ends - lost]
    found += [(f"lead {lead} is not lost", lead in gone) for lead in lost - ends]
    if export.dates_only:
        return found
    rung = {stage: place for place, stage in enumerate(_names(spec["ladder"]))}
    high = {lead for lead, stage in zip(stages["lead"], stages["stage"], strict=True) if rung.get(stage, -1) >= 1}
    qualified = {lead for lead, stage, _ in export.truth.stages if stage not in ("New", LOST)}
    found += [(f"lead {lead} climbed, or not: the ladder is {_names(spec['ladder'])}", lead in gone or renaming)
              for lead in sorted(high ^ qualified)]  # fmt: skip
    return found


def _names(ladder: list[Any]) -> list[str]:
    return [rung if isinstance(rung, str) else rung["stage"] for rung in ladder]


def _table(verdicts: list[Verdict]) -> str:
    by_kind: dict[str, Counter[str]] = {name: Counter() for name in KINDS}
    for one in verdicts:
        for name in one.kinds:
            by_kind[name][one.verdict] += 1
    lines = [f"{'kind':32}" + "".join(f"{verdict:>16}" for verdict in VERDICTS)]
    lines += [
        f"{name:32}" + "".join(f"{counts[verdict]:16}" for verdict in VERDICTS)
        for name, counts in by_kind.items()
        if sum(counts.values())
    ]
    total = Counter(one.verdict for one in verdicts)
    return "\n".join([*lines, f"{'all exports':32}" + "".join(f"{total[verdict]:16}" for verdict in VERDICTS)])


def main() -> None:
    """Read the options, break and read the exports, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exports", type=int, default=1000)
    parser.add_argument("--leads", type=int, default=240)
    parser.add_argument("--seed", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print what was wrong or crashed, export by export")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.exports)
    verdicts = []
    with ProcessPoolExecutor(options.workers) as pool:
        for one in pool.map(judged, seeds, [options.leads] * len(seeds), chunksize=4):
            verdicts.append(one)
            if options.show and one.verdict in (WRONG, CRASHED):
                print(f"{one.seed} {' + '.join(one.kinds)}: {one.verdict}: {one.why}", flush=True)
            if len(verdicts) % 50 == 0:
                print(f"{len(verdicts)} of {len(seeds)}", file=sys.stderr, flush=True)
    print(_table(verdicts))
    wrong = sum(one.verdict in (WRONG, CRASHED) for one in verdicts)
    print(f"wrong silently: {wrong} of {len(verdicts)}")


if __name__ == "__main__":
    main()
