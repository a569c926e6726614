"""How often each check of the monitor calls in companies where nothing is wrong: weekly runs, a trained model behind.

    python benchmarks/monitor_alarms.py --out OUT [--companies 10] [--first-seed 300] [--leads 10000]
    python benchmarks/monitor_alarms.py --out OUT --show

Every company lives two years and is trained as any run is; from the day its test period begins the monitor runs once a
week to the end, each time from what it could know. Nothing happens in the first company, then one campaign brings more
leads that are as good, all grow, leads come in seasons, sales takes fewer of all; and so on. Run again, it goes on.
An alarm is a run of weeks in which the check calls; four quiet weeks end it. Intervals are 95 %, by company.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from gaming_alarms import CLEAN, LAST, RUNNING, WEEK_US

from features.answers import ALARM_WORDS, Answer
from features.time_units import format_time
from pipeline.monitor.command import check_funnel
from pipeline.outputs.feature_rows import read_first_looks
from pipeline.outputs.ingested_tables import read_observed_until
from pipeline.runner.stages import make_context, run_all
from pipeline.settings.settings import parse_overrides

ROOT = Path(__file__).resolve().parent.parent
QUIET_WEEKS = 4
JUDGED = ("gaming", "waiting", "idle", "drift", "calibration", "any")
YEAR_WEEKS = 52


def watch(out: Path, seed: int, number: int, *, leads: int) -> dict[str, Any]:
    """Simulate and train a company, and return what each check said in each week."""
    kind = CLEAN[number % len(CLEAN)]
    campaign = RUNNING[number // len(CLEAN) % len(RUNNING)] if kind == "more_of_the_same" else "null"
    weeks = int(np.random.default_rng([seed, 9]).integers(10, 30))
    first_day = format_time(LAST - weeks * WEEK_US)[:10]
    factor = 0.7 if kind == "harder_sales" else 2.0
    shift = [f"kind={kind}", f"campaign={campaign}", f"from_day={first_day}", f"factor={factor}"]
    overrides = [f"seed={seed}", f"simulate.leads={leads}", "model.threads=1"]
    if kind != "none":
        overrides += [f"simulate.shift.{said}" for said in shift]
    context = make_context(
        source_dir=ROOT / "sources" / "demo",
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=parse_overrides(overrides),
    )
    run_all(context, ("simulate", "ingest", "features", "labels", "train"))
    start, until = read_first_looks(context, "sql").test_from_us, read_observed_until(context)
    told = []
    for now in range(until - (until - start) // WEEK_US * WEEK_US, until + 1, WEEK_US):
        result = check_funnel(context, as_of_us=now)
        said = {check.code: ALARM_WORDS.of(check.answer) for check in result.checks}
        sentences = {check.code: check.sentence for check in result.answered(Answer.FAILED)}
        told.append({"as_of": format_time(now), **said, "any": ALARM_WORDS.of(result.answer), "sentences": sentences})
    return {"seed": seed, "kind": kind, "told": told}


def run(out: Path, *, companies: int, first_seed: int, leads: int) -> None:
    """Watch the companies that have not been watched yet."""
    file = out / "companies.jsonl"
    out.mkdir(parents=True, exist_ok=True)
    done = {json.loads(line)["seed"] for line in file.read_text().splitlines()} if file.is_file() else set()
    for number in range(companies):
        seed = first_seed + number
        if seed in done:
            continue
        folder = out / f"company_{seed}"
        line = watch(folder, seed, number, leads=leads)
        with file.open("a") as stream:
            stream.write(json.dumps(line) + "\n")
        shutil.rmtree(folder)


def show(out: Path) -> None:
    """Print a row a check: alarms a year, weeks that could not be told, and what the alarms said."""
    lines = [json.loads(line) for line in (out / "companies.jsonl").read_text().splitlines()]
    years = np.array([len(line["told"]) / YEAR_WEEKS for line in lines])
    print(f"{len(lines)} companies, {years.sum():.1f} years")
    print("| check | alarms a year | weeks with an alarm a year | weeks it could not tell | companies with any |")
    print("|---|---|---|---|---|")
    for name in JUDGED:
        weeks = [[at for at, week in enumerate(line["told"]) if week[name] == ALARM_WORDS.failed] for line in lines]
        alarms = np.array([1 + int((np.diff(at) > QUIET_WEEKS).sum()) if at else 0 for at in weeks])
        silent = np.mean([week[name] == ALARM_WORDS.unchecked for line in lines for week in line["told"]])
        some = sum(bool(at) for at in weeks)
        rate = _rate(alarms, years)
        loud = _rate(np.array([len(at) for at in weeks]), years)
        print(f"| {name} | {rate} | {loud} | {silent:.0%} | {some} |")
    for line in lines:
        for name in JUDGED[:-1]:
            said = {week["sentences"][name] for week in line["told"] if name in week["sentences"]}
            for sentence in sorted(said)[:3]:
                print(f"{line['seed']} {line['kind']} {name}: {sentence}")


def _rate(counts: np.ndarray, years: np.ndarray) -> str:
    """Return counts a year with the bootstrap's interval, companies drawn again."""
    drawn = np.random.default_rng(1).integers(len(counts), size=(4000, len(counts)))
    low, high = np.quantile(counts[drawn].sum(axis=1) / years[drawn].sum(axis=1), [0.025, 0.975])
    return f"{counts.sum() / years.sum():.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--companies", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=300)
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    if not asked.show:
        run(asked.out, companies=asked.companies, first_seed=asked.first_seed, leads=asked.leads)
    show(asked.out)
