"""A run's main figures and curves as small files for git: what ``dvc metrics diff`` and ``dvc plots diff`` compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.outputs.evaluation_file import read_curve, read_evaluation
from pipeline.runner.finished_run import open_run
from pipeline.runner.workspace import write_durably

METRICS_FILE = "metrics.json"
MEASURES = ("auc", "ap", "lift10", "log_loss")
CURVES = {
    "gain": ("share", "gain"),
    "precision_volume": ("per_week", "precision"),
    "reliability": ("forecast", "outcome"),
}
"""Of the stage's pictures, those with a line a scorer: what lies on the two axes."""
SCORERS = ("model", "baseline")
DIGITS = 6


def write_tracked_figures(out: Path, into: Path) -> list[Path]:
    """Write ``metrics.json``, about a dozen figures on the test period, and a file for each curve and scorer.

    Parameters
    ----------
    out : Path
        The outputs of a run that was evaluated.
    into : Path
        Folder; what lies there under the same names is replaced.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        If nothing was evaluated in ``out``.
    """
    context = open_run(out)
    evaluation = read_evaluation(context)
    into.mkdir(parents=True, exist_ok=True)
    files: dict[str, Any] = {METRICS_FILE: tracked_figures(evaluation)}
    for name, axes in CURVES.items():
        lines = _lines(read_curve(context, name), axes)
        files |= {f"{name}_{scorer}.json": points for scorer, points in lines.items()}
    for name, content in files.items():
        write_durably(into / name, json.dumps(content, indent=1, allow_nan=False) + "\n")
    return [into / name for name in files]


def tracked_figures(evaluation: dict[str, Any]) -> dict[str, Any]:
    """Return the figures: measures of model and baseline on the primary target, and who would be promoted.

    Parameters
    ----------
    evaluation : dict
        As in ``evaluation.json``.
    """
    primary = evaluation["targets"][evaluation["target"]]
    scorers = {
        scorer: {measure: _rounded(primary[scorer][measure]["value"]) for measure in MEASURES} for scorer in SCORERS
    }
    promoted = {
        scorer: {
            band: {name: _rounded(rule[name]) for name in ("per_week", "precision")}
            for band, rule in evaluation["promoted"][scorer].items()
        }
        for scorer in SCORERS
    }
    return {"beats_baseline": int(evaluation["beats_baseline"])} | {
        scorer: scorers[scorer] | promoted[scorer] for scorer in scorers
    }


def _lines(rows: list[dict[str, Any]], axes: tuple[str, str]) -> dict[str, list[dict[str, float | None]]]:
    """Return each scorer's points, without what else is known of them."""
    lines: dict[str, list[dict[str, float | None]]] = {scorer: [] for scorer in SCORERS}
    for row in rows:
        lines[row["scorer"]].append({axis: _rounded(row[axis]) for axis in axes})
    return lines


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
