"""What AutoGluon says to the trials of the ablation: to be run in an environment of its own, from the project's root.

    python -m venv AG && AG/bin/pip install "autogluon.tabular[lightgbm,catboost,xgboost]"
    PYTHONPATH=. AG/bin/python benchmarks/ablation_autogluon.py --out DIR [--bench DIR] [--kind NAME …] [--seconds 120]

Appends to ``DIR/results.jsonl``, where ``ablation.py --out DIR`` finds it and takes it as one more peer. What has been
measured there is not measured again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ablation_funnels import FUNNELS, Trial, drawn_trials, measure, public_trials
from ablation_peers import filled

from models.log_odds import probability_to_log_odds

CORES = 2


def autogluon(trial: Trial, seconds: int) -> np.ndarray:
    """Return AutoGluon's log-odds: best quality, without networks, every core of this machine's two."""
    from autogluon.tabular import TabularPredictor

    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(label="y_", eval_metric="log_loss", path=folder, verbosity=0)
        predictor.fit(
            filled(trial.X).assign(y_=trial.y.astype(int)),
            presets="best_quality",
            time_limit=seconds,
            num_cpus=CORES,
            dynamic_stacking=False,
            excluded_model_types=["NN_TORCH", "FASTAI"],
        )
        p = predictor.predict_proba(filled(trial.X_test))[1].to_numpy(dtype=float)
    return probability_to_log_odds(np.clip(p, 1e-6, 1 - 1e-6))


def main() -> None:
    """Measure AutoGluon on what is asked for and not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kind", nargs="*", default=list(FUNNELS))
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--draws", type=int, help="at most so many trials of a kind")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    name, file = f"peer: AutoGluon, {arguments.seconds} s", arguments.out / "results.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {line["trial"] for line in lines if line["candidate"] == name}
    trials = [*drawn_trials([kind for kind in FUNNELS if kind in arguments.kind])]
    if arguments.bench:
        trials += public_trials(arguments.bench, arguments.kind)
    for trial in trials:
        number = int(trial.name.rpartition("#")[2])
        if trial.name in done or (arguments.draws is not None and number >= arguments.draws):
            continue
        started = time.perf_counter()
        measures = measure(trial, autogluon(trial, arguments.seconds))
        seconds = round(time.perf_counter() - started, 2)
        line = {"candidate": name, "kind": trial.kind, "trial": trial.name, **measures, "seconds": seconds}
        with file.open("a") as out:
            out.write(json.dumps(line) + "\n")
        sys.stdout.write(f"{trial.name}: {measures} in {seconds} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
