"""Twelve simulated months of nights, every score of which is rebuilt and held against the stored one, bit for bit.

A company's export is cut at each night, as it would have been then; some values are corrected from night to night.
Half way the model is trained again. Also measured: how large the history is. Last line: ``replayed: N of N identical``.

    python -m benchmarks.replay OUT [--leads 3000] [--days 28]
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from features.tables.facts import TIME_COLUMNS
from features.time_units import DAY_US, format_time, from_micros
from pipeline.history.folder import HistoryFolder
from pipeline.rebuild.changed import changes_between
from pipeline.rebuild.comparison import differences
from pipeline.rebuild.rebuilt import rebuilt_scores
from pipeline.runner.stages import RUN_STAGES, StageContext, make_context, run_all, run_stage
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.store_url import sqlite_url
from pipeline.settings.settings import parse_overrides
from pipeline.simulate.stage import simulate
from pipeline.source.folder import read_source

SOURCE = Path(__file__).resolve().parent.parent / "sources" / "demo"
MONTHS_DAYS = 364
CORRECTED = 0.01
"""Share of the leads whose industry somebody corrects before each night."""
SETTINGS = (
    "simulate.events_per_lead=20", "snapshots.every=28d", "model.boosters=2", "model.max_rounds=40",
    "evaluate.bootstrap=50", "evaluate.shap_rows=50", "model.threads=1", "score.explore_share=0.02",
)  # fmt: skip


def make_export(folder: Path, *, leads: int, seed: int) -> StageContext:
    """Simulate the company and return a context whose export is still empty."""
    overrides = parse_overrides([f"seed={seed}", f"simulate.leads={leads}", *SETTINGS])
    whole, seen = folder / "whole", folder / "seen"
    context = make_context(source_dir=SOURCE, data_dir=seen, out=folder / "out", params_file=None, overrides=overrides)
    if not whole.is_dir():
        whole.mkdir(parents=True)
        simulate(context.settings.simulate, read_source(SOURCE, {}).spec, seed, whole)
    seen.mkdir(exist_ok=True)
    return context


def export_until(folder: Path, night_us: int, *, seed: int, number: int) -> None:
    """Write the export as it was on a night: later rows are missing, and some values are not corrected yet."""
    tables = {name: pd.read_parquet(folder / "whole" / "export" / f"{name}.parquet") for name in TIME_COLUMNS}
    until = from_micros(pd.Series([night_us])).iloc[0]
    leads = tables["leads"]
    order = np.random.default_rng(seed).permutation(len(leads))
    uncorrected = order[int(len(order) * CORRECTED * number) :]
    wrong = np.random.default_rng(seed + 1).random(len(leads)) < 0.2
    later = np.isin(np.arange(len(leads)), uncorrected) & wrong
    tables["leads"] = leads.assign(industry=leads["industry"].astype("object").mask(later, "services"))
    for name, table in tables.items():
        table[table[f"{TIME_COLUMNS[name]}_at"] <= until].to_parquet(folder / "seen" / f"{name}.parquet", index=False)


def nights_of(context: StageContext, *, days: int) -> list[int]:
    """Return the nights of the last twelve months."""
    last = context.settings.simulate.last_day
    return list(range(last - MONTHS_DAYS * DAY_US, last + 1, days * DAY_US))


def run_nights(folder: Path, context: StageContext, *, days: int, seed: int) -> None:
    """Ingest, compute and score on each night; train before the first one and half way."""
    nights = nights_of(context, days=days)
    for number, night in enumerate(nights):
        export_until(folder, night, seed=seed, number=number)
        print(f"night {number + 1} of {len(nights)}: {format_time(night)}", flush=True)
        if number in (0, len(nights) // 2):
            run_all(context, [stage for stage in RUN_STAGES if stage not in ("receipt", "register")])
        else:
            for stage in ("ingest", "features", "score"):
                run_stage(stage, context)


def replayed(out: Path) -> Iterator[tuple[str, str, int]]:
    """Rebuild every score; give lead, run and in how many columns it differs."""
    history = HistoryFolder(out)
    stored = ScoreStore(sqlite_url(out / "scores.sqlite")).read()
    by_run = dict(iter(stored.groupby("run_id")))
    for folder in history.runs():
        scratch = out / ".replay"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        rebuilt = {row["lead_id"]: row for row in rebuilt_scores(history, folder, scratch).to_pylist()}
        rows = by_run[folder.run.run_id].to_dict("records")
        if len(rows) != folder.run.leads or len(rebuilt) != len(rows):
            raise AssertionError(f"run {folder.run.run_id}: {len(rows)} stored, {len(rebuilt)} rebuilt")
        for row in rows:
            stored_row = {str(name): value for name, value in row.items()}
            yield row["lead_id"], folder.run.run_id, len(differences(stored_row, rebuilt[row["lead_id"]]))
        shutil.rmtree(scratch)


def sums_of_changes(out: Path) -> tuple[int, int]:
    """Split the changes from each run to the next; return how many there are, and how many add up to both scores."""
    history, leads, right = HistoryFolder(out), 0, 0
    stored = ScoreStore(sqlite_url(out / "scores.sqlite")).read()
    keys = zip(stored["run_id"], stored["lead_id"], strict=True)
    p = dict(zip(keys, 100 * stored["p_sql"].to_numpy(dtype="float64"), strict=True))
    for earlier, later in pairwise(history.runs()):
        with TemporaryDirectory() as scratch:
            changes = changes_between(history, earlier, later, Path(scratch))
        for lead, parts in changes.items():
            before, now = p[earlier.run.run_id, lead], p[later.run.run_id, lead]
            leads += bool(parts)
            points = [part["percentage_points"] for part in parts]
            right += bool(parts) and abs(points[0] - before) < 1e-9 and abs(sum(points) - now) < 1e-9
    return right, leads


def sizes(out: Path) -> dict[str, float]:
    """Return the size of the history, and of full copies of the facts of all nights, in megabytes."""
    history = HistoryFolder(out)
    runs = history.runs()
    facts = sum(file.stat().st_size for file in runs[-1].facts.iterdir())
    changes = sum(file.stat().st_size for run in runs[:-1] for file in run.back.iterdir())
    features = sum(run.features.stat().st_size for run in runs)
    decisions = sum(file.stat().st_size for file in history.decisions.rglob("*") if file.is_file())
    named = {"facts": facts, "changed rows": changes, "features": features, "decisions": decisions}
    return {name: round(size / 1e6, 2) for name, size in named.items()} | {"runs": len(runs)}


def main() -> None:
    """Run the nights, rebuild, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--leads", type=int, default=3000)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    context = make_export(given.out, leads=given.leads, seed=given.seed)
    run_nights(given.out, replace(context), days=given.days, seed=given.seed)
    print(json.dumps(sizes(given.out / "out")), flush=True)
    answers = list(replayed(given.out / "out"))
    right, changes = sums_of_changes(given.out / "out")
    print(f"changes: {right} of {changes} add up to both scores")
    for lead, run, columns in [answer for answer in answers if answer[2]][:10]:
        print(f"{lead} of run {run}: {columns} columns differ")
    print(f"replayed: {sum(not columns for *_, columns in answers)} of {len(answers)} identical")


if __name__ == "__main__":
    main()
