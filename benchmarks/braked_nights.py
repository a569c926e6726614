"""Brakes of the real command: how many normal nights it stops, and how many kinds of broken export.

    python benchmarks/braked_nights.py FOLDER [--nights 200] [--leads 3000] [--seed 7]

A simulated company is cut at successive nights, and ``leadscore nightly`` runs on each: ingest, features, brakes on the
export, scores, brakes on bands and list. The first 28 nights are history, the others are counted. Then the last night's
export is broken in every way of `benchmarks/brakes.py` in turn, each on a copy of OUT; a kind that the command refuses
(exit code 2, a message) puts nothing in force either and is counted by itself. An interrupted run goes on where it
stopped. The last line is ``false stops: N of M nights; stopped: N of M kinds``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from features.errors import InputError
from features.time_units import format_time
from pipeline.nightly.command import BRAKED, nightly
from pipeline.runner.job_log import JobLog, log_as
from pipeline.runner.stages import RUN_STAGES, StageContext, make_context, run_all
from pipeline.settings.settings import parse_overrides
from pipeline.simulate.stage import simulate
from pipeline.source.folder import read_source

sys.path.insert(0, str(Path(__file__).parent))
from brakes import DAY, HISTORY, KINDS, CutExport

SOURCE = Path(__file__).resolve().parent.parent / "sources" / "demo"
SETTINGS = (
    "simulate.events_per_lead=20", "model.boosters=2", "model.max_rounds=60", "evaluate.bootstrap=50",
    "evaluate.shap_rows=50",
)  # fmt: skip
PASSED, STOPPED, REFUSED = "passed", "stopped", "refused"


def context_of(folder: Path, out: Path, *, leads: int, seed: int) -> StageContext:
    """Return what commands work with; the company is simulated where it is not yet."""
    overrides = parse_overrides([f"seed={seed}", f"simulate.leads={leads}", *SETTINGS])
    seen, whole = folder / f"seen-{out.name}", folder / "whole"
    context = make_context(source_dir=SOURCE, data_dir=seen, out=out, params_file=None, overrides=overrides)
    if not (whole / "export").is_dir():
        whole.mkdir(parents=True, exist_ok=True)
        simulate(context.settings.simulate, read_source(SOURCE, {}).spec, seed, whole)
    seen.mkdir(parents=True, exist_ok=True)
    return context


def exported(context: StageContext) -> Path:
    """Return the folder of the night's export."""
    assert context.data_dir is not None
    return context.data_dir


def write(export: CutExport, cut: Mapping[str, str], folder: Path) -> None:
    """Write the tables of a night as files."""
    for name, query in cut.items():
        export.con.execute(f"COPY {query} TO '{folder / name}.parquet' (FORMAT parquet)")


def night(context: StageContext) -> tuple[str, str]:
    """Run a night; return what became of it and what was said."""
    try:
        code, text = nightly(context, dry_run=False, letting=None, as_json=False)
    except InputError as error:
        return REFUSED, str(error)
    return (STOPPED if code == BRAKED else PASSED), text


def normal_nights(export: CutExport, context: StageContext, count: int, log: Path) -> list[tuple[str, str]]:
    """Run nights that follow each other, those of the log not again."""
    done = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.is_file() else []
    results = [(one["result"], one["said"]) for one in done]
    for number in range(len(results), HISTORY + count):
        end = export.end_us - (HISTORY + count - 1 - number) * DAY
        write(export, export.at(end), exported(context))
        if number == 0:
            run_all(context, [stage for stage in RUN_STAGES if stage not in ("receipt", "register")])
        results.append(night(context))
        with log.open("a", encoding="utf-8") as lines:
            lines.write(
                json.dumps({"night": format_time(end), "result": results[-1][0], "said": results[-1][1]}) + "\n"
            )
        print(f"{number + 1} of {HISTORY + count}: {results[-1][0]}", flush=True)
    return results


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--leads", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    log_as(JobLog(quiet=True))
    out = given.folder / "out"
    context = context_of(given.folder, out, leads=given.leads, seed=given.seed)
    export = CutExport(given.folder / "whole" / "export")
    results = normal_nights(export, context, given.nights, given.folder / "nights.jsonl")
    for number, (result, said) in enumerate(results):
        if number >= HISTORY and result != PASSED:
            print(f"normal night {number - HISTORY + 1} {result}: {said}")
    kinds = {}
    for kind, breaking in KINDS.items():
        shutil.rmtree(given.folder / "copy", ignore_errors=True)
        shutil.copytree(out, given.folder / "copy")
        copy = context_of(given.folder, given.folder / "copy", leads=given.leads, seed=given.seed)
        end = export.end_us + DAY
        write(export, breaking(export, export.at(end), end), exported(copy))
        kinds[kind], said = night(copy)
        print(f"{kinds[kind]:8} {kind}: {' / '.join(said.splitlines()[1:3]) or said}", flush=True)
    counts = Counter(kinds.values())
    false = sum(result != PASSED for result, _ in results[HISTORY:])
    print(f"refused: {counts[REFUSED]}, passed: {[kind for kind, result in kinds.items() if result == PASSED]}")
    stopped = counts[STOPPED] + counts[REFUSED]
    print(f"false stops: {false} of {given.nights} nights; stopped: {stopped} of {len(kinds)} kinds")


if __name__ == "__main__":
    main()
