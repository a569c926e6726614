"""``leadscore cv``: the folds as a table for people and as JSON for a search."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from features.time_units import format_time
from models.measures.bootstrap import Interval
from models.measures.metrics import METRICS
from pipeline.cross_validation.folds import CrossValidated, cross_validated
from pipeline.runner.stages import StageContext, run_all

SHOWN = ("log_loss", "auc", "ap", "lift10")


@dataclass(frozen=True)
class JudgedSettings:
    """What the folds said."""

    result: CrossValidated

    def to_json(self) -> str:
        """Return it for machines: by target the mean over the folds, each fold, and all together with intervals."""
        targets = {
            name: {
                "leads": folds.leads,
                "outcomes": folds.outcomes,
                "mean": {metric.key: folds.mean(metric.key) for metric in METRICS},
                "folds": list(folds.by_fold),
                "together": {key: asdict(measure) for key, measure in folds.pooled.items()},
            }
            for name, folds in self.result.targets.items()
        }
        starts = [format_time(start) for start in self.result.starts]
        said = {"folds_from": starts, "test_from": format_time(self.result.until), "targets": targets}
        return json.dumps(said, indent=1, allow_nan=False)

    def to_text(self) -> str:
        """Return it for people: a table a target."""
        names = {metric.key: metric.name for metric in METRICS}
        lines = []
        for name, folds in self.result.targets.items():
            lines += [f"{name}: {folds.leads:,} later leads judged, {folds.outcomes:,} of them with the outcome"]
            lines += [f"  {'':12}" + "".join(f"{names[key]:>24}" for key in SHOWN)]
            for start, fold in zip(self.result.starts, folds.by_fold, strict=True):
                lines += [f"  {format_time(start)[:10]:12}" + "".join(f"{fold[key]:>24.4f}" for key in SHOWN)]
            lines += [f"  {'mean':12}" + "".join(f"{folds.mean(key):>24.4f}" for key in SHOWN)]
            lines += [f"  {'together':12}" + "".join(f"{_said(folds.pooled[key]):>24}" for key in SHOWN)]
        until = format_time(self.result.until)[:10]
        return "\n".join(
            [*lines, f"A row is a fold and the day its later leads begin to come; the test ({until}) is unseen."]
        )


def judge_settings(context: StageContext, folds: int) -> JudgedSettings:
    """Bring the stages up to the labels up to date, and judge the settings on folds before the test.

    Raises
    ------
    InputError
        If there are too few leads or outcomes before the test.
    """
    run_all(context, ("ingest", "features", "labels"))
    return JudgedSettings(cross_validated(context, folds=folds))


def _said(measure: Interval) -> str:
    return f"{measure.value:.4f} ({measure.low:.3f} to {measure.high:.3f})"
