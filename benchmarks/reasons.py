"""What exact SHAP values cost beside a forecast, on boosters as the project trains them, and beside other tools.

    python benchmarks/reasons.py [--out DIR] [--leads N] [--rows N] [--peers FOLDER]

Simulates a company and trains its forecast in ``--out`` (a finished run there is used again), then lets the boosters
of one target read rows out: LightGBM's ``predict``, our values, LightGBM's ``pred_contrib``, shap, woodelf and shapiq.
Each runs in a process of its own on one thread; a first call on a few rows compiles what is to be compiled. Processor
time counts user and system; peak memory is what the process grew by. Slow tools get fewer rows, and figures are a row.
``--peers`` is a folder that woodelf-explainer with treelite, and shapiq with sparse-transform, galois and colour, were
installed into (``pip install --no-deps --target``; ``woodelf`` on PyPI is another package).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.forecast.forecast import Forecast
from models.forecast.saved_form import from_files
from pipeline.runner.stages import make_context, run_all
from pipeline.settings.settings import parse_overrides

ROOT = Path(__file__).resolve().parent.parent
FEW = 20
TIMES = 3
Read = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Work:
    """What every tool is given: the texts of each part's boosters, and the rows as each part reads them."""

    texts: list[tuple[str, ...]]
    matrices: list[np.ndarray]

    def head(self, rows: int) -> Work:
        """Return the first rows alone."""
        return Work(self.texts, [matrix[:rows] for matrix in self.matrices])


@dataclass(frozen=True)
class Taken:
    """Processor seconds and grown bytes of one tool, and its values of the first rows."""

    seconds: float
    memory: int
    values: np.ndarray


def by_booster(make: Callable[[Any], Read]) -> Callable[[Work], Callable[[Work], np.ndarray]]:
    """Let a tool that knows one booster read all of them; their values add up."""

    def prepare(work: Work) -> Callable[[Work], np.ndarray]:
        import lightgbm

        readers = [[make(lightgbm.Booster(model_str=text)) for text in texts] for texts in work.texts]
        return lambda some: sum(
            (read(matrix) for part, matrix in zip(readers, some.matrices, strict=True) for read in part),
            start=np.zeros(1),
        )

    return prepare


def predict(booster: Any) -> Read:
    """Return the forecast, which has no values of columns."""
    return lambda rows: booster.predict(rows, raw_score=True, num_threads=1)[:, None]


def pred_contrib(booster: Any) -> Read:
    """Return LightGBM's own values."""
    return lambda rows: booster.predict(rows, pred_contrib=True, num_threads=1)[:, :-1]


def shap(booster: Any) -> Read:
    """Return the values of shap, which asks LightGBM for them."""
    import shap

    explainer = shap.TreeExplainer(booster)
    return lambda rows: np.asarray(explainer.shap_values(rows))


def woodelf(booster: Any) -> Read:
    """Return the values of woodelf."""
    from woodelf import WoodelfExplainer  # type: ignore[import-not-found]

    explainer = WoodelfExplainer(booster)
    return lambda rows: explainer.shap_values(pd.DataFrame(rows, columns=booster.feature_name()), verbose=False)


def shapiq(booster: Any) -> Read:
    """Return the values of shapiq, which explains row by row."""
    import shapiq  # type: ignore[import-not-found]

    explainer = shapiq.TreeExplainer(booster, max_order=1, index="SV")

    def read(rows: np.ndarray) -> np.ndarray:
        result = np.zeros(rows.shape)
        for row, values in zip(rows, result, strict=True):
            for subset, value in explainer.explain(row).dict_values.items():
                if len(subset) == 1:
                    values[subset[0]] = value
        return result

    return read


def ours(work: Work) -> Callable[[Work], np.ndarray]:
    """Return our values."""
    from models.tree_shap.forest import Forest

    forests = [Forest.of_texts(texts) for texts in work.texts]
    return lambda some: sum(
        (forest.contributions(rows) for forest, rows in zip(forests, some.matrices, strict=True)), start=np.zeros(1)
    )


TOOLS: dict[str, tuple[str, Callable[[Work], Callable[[Work], np.ndarray]], float]] = {
    "predict": ("lightgbm", by_booster(predict), 1.0),
    "leadscore": ("numba", ours, 1.0),
    "pred_contrib": ("lightgbm", by_booster(pred_contrib), 0.1),
    "shap": ("shap", by_booster(shap), 0.1),
    "woodelf": ("woodelf", by_booster(woodelf), 0.25),
    "shapiq": ("shapiq", by_booster(shapiq), 0.0005),
}
"""The package of each tool, how it reads, and which share of the rows it is given."""


def measure(name: str, work: Work, peers: str) -> Taken | str:
    """Let one tool read the rows, in this process: the least of some times; its message where it cannot."""
    sys.path.append(peers)
    warnings.simplefilter("ignore")
    try:
        read = TOOLS[name][1](work)
        values = np.asarray(read(work.head(FEW)))
    except Exception as error:  # noqa: BLE001 (whatever another tool cannot do is its answer)
        return f"{type(error).__name__}: {error}".splitlines()[0][:90]
    before, least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, np.inf
    for _ in range(TIMES):
        start = time.process_time()
        read(work)
        least = min(least, time.process_time() - start)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return Taken(least, grown * 1024, values)


def trained(out: Path, leads: int) -> tuple[Forecast, pd.DataFrame]:
    """Return the forecast of a simulated company and its feature rows."""
    context = make_context(
        source_dir=ROOT / "sources" / "demo",
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=parse_overrides([f"simulate.leads={leads}"]),
    )
    run_all(context, ("simulate", "ingest", "features", "labels", "train"))
    model = out / "train" / "model"
    files = {file.name: file.read_text(encoding="utf-8") for file in model.iterdir()}
    return from_files(files), pd.read_parquet(out / "features" / "history.parquet")


def work_of(forecast: Forecast, rows: pd.DataFrame, count: int) -> Work:
    """Return so many rows, repeated where there are fewer, as the boosters of the first target read them."""
    estimator = next(iter(forecast.targets.values())).estimator
    matrix = estimator.encoding.matrix(rows)[np.arange(count) % len(rows)]
    read = [matrix if p.statistics is None else p.statistics.matrix(matrix) for p in estimator.boosters]
    return Work([part.texts for part in estimator.boosters], read)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("data/benchmark_reasons"))
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--peers", type=Path, default=Path("peers"))
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # shap leaves the number of threads to LightGBM
    work = work_of(*trained(given.out, given.leads), given.rows)
    trees = sum(text.count("\nTree=") for texts in work.texts for text in texts)
    print(f"{given.rows} rows, {trees} trees; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':14}{'rows':>8}{'processor s':>13}{'µs a row':>10}{'x predict':>11}{'peak MB':>9}{'difference':>12}")
    each: dict[str, float] = {}
    exact = np.zeros(1)
    sys.path.append(str(given.peers))
    for name in ("predict", "pred_contrib", "leadscore", "shap", "woodelf", "shapiq"):
        package, _, share = TOOLS[name]
        if importlib.util.find_spec(package) is None:
            print(f"{name:14}not installed")
            continue
        rows = max(int(share * given.rows), FEW)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            taken = pool.submit(measure, name, work.head(rows), str(given.peers)).result()
        if isinstance(taken, str):
            print(f"{name:14}cannot read these boosters: {taken}")
            continue
        each[name] = taken.seconds / rows
        exact = taken.values if name == "pred_contrib" else exact
        apart = f"{np.abs(taken.values - exact).max():.0e}" if name != "predict" else ""
        cost = f"{taken.seconds:13.2f}{each[name] * 1e6:10.1f}{each[name] / each['predict']:11.2f}"
        print(f"{name:14}{rows:8}{cost}{taken.memory / 2**20:9.0f}{apart:>12}", flush=True)
    print(f"reasons: {each['leadscore'] / each['predict']:.1f} x predict")


if __name__ == "__main__":
    main()
