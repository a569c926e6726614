"""How much of the model's gain 20 whole-number rules keep, over several simulated funnels and other finished runs.

    python benchmarks/compiled_points.py --out DIR [--seeds 11 12 13] [--leads 8000] [--runs data runs/x_education …]

Simulates each funnel and runs its chain to the cut-offs in ``DIR/seedN`` (what is there already is kept, so it goes on
where it was stopped), compiles its model, and prints a row a run for ``docs/points.md``: average precision of today's
points (or naive Bayes), of the model and of the rules on the test period, and the share of the gain that is kept with
its 95 % interval. ``--runs`` adds runs that are finished already.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from models.compiled_points.gain_kept import COMPILED, MODEL, TODAY
from models.compiled_points.table import MAX_RULES
from pipeline.points.compile_run import JudgedPoints, compile_run
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import make_context, run_all
from pipeline.settings.settings import parse_overrides

STAGES = ("simulate", "ingest", "features", "labels", "train", "cutoffs")
SOURCE = Path(__file__).resolve().parent.parent / "sources" / "demo"
HEAD = "| run | test leads (outcomes) | rules | today | model | the rules | kept | seconds |\n" + "|---" * 8 + "|"


def simulated(folder: Path, *, seed: int, leads: int) -> Path:
    """Return the folder of a simulated funnel's run, made if it is not there."""
    out = folder / f"seed{seed}"
    context = make_context(
        source_dir=SOURCE,
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=parse_overrides([f"seed={seed}", f"simulate.leads={leads}"]),
    )
    run_all(context, STAGES)
    return out


def row(name: str, judged: JudgedPoints, seconds: float) -> str:
    """Return one row of the table."""
    values = {scorer: judged.comparison.values[scorer]["ap"] for scorer in (TODAY, MODEL, COMPILED)}
    kept = judged.kept
    told = "not defined" if kept is None else f"{kept.value:.0%} ({kept.low:.0%} to {kept.high:.0%})"
    cells = [
        name,
        f"{judged.leads:,} ({judged.outcomes:,})",
        str(len(judged.compiled.table)),
        *(f"{values[scorer]:.3f}" for scorer in (TODAY, MODEL, COMPILED)),
        told.replace("%", " %"),
        f"{seconds:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--leads", type=int, default=8_000)
    parser.add_argument("--runs", type=Path, nargs="*", default=[])
    parser.add_argument("--max-rules", type=int, default=MAX_RULES)
    given = parser.parse_args()
    print(HEAD)
    runs = [*((f"seed {seed}", seed) for seed in given.seeds), *((str(out), None) for out in given.runs)]
    for name, seed in runs:
        out = Path(name) if seed is None else simulated(given.out, seed=seed, leads=given.leads)
        begun = time.monotonic()
        judged = compile_run(open_run(out), max_rules=given.max_rules)
        print(row(name, judged, time.monotonic() - begun))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
