"""What decides on a promotion at one look: forecast, points, exclusions and gates; and what became of the lead."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from features.as_of import AS_OF, is_known
from features.labelling.labels import build_labels
from models.forecast.forecast import Forecast
from models.rules.baseline import Baseline
from pipeline.outputs.ingested_tables import read_stages
from pipeline.runner.stages import StageContext

NO_OTHERS: Mapping[str, Baseline] = MappingProxyType({})


def decisions(
    rows: pd.DataFrame,
    baseline: Baseline,
    forecast: Forecast,
    target: str,
    *,
    final: Forecast | None = None,
    others: Mapping[str, Baseline] = NO_OTHERS,
) -> pd.DataFrame:
    """Return rows of features as rows of `Looks`, all but their outcomes; ``forecast`` is final if none is given.

    Each of ``others`` gets a column of its name with its score.
    """
    predicted = forecast.predict(rows)
    later = predicted if final is None else final.predict(rows)
    further = [name for name in forecast.targets if name != target]
    columns = {
        "lead_id": rows["lead_id"],
        AS_OF: rows[AS_OF],
        "p": predicted[f"p_{target}"].to_numpy(dtype="float64"),
        **{f"p_{name}": predicted[f"p_{name}"].to_numpy(dtype="float64") for name in further},
        "p_final": later[f"p_{target}"].to_numpy(dtype="float64"),
        "points": baseline.score(rows, target),
        "naive_bayes": baseline.naive_bayes_score(rows, target),
        "excluded": baseline.excluded(rows),
        "gates_open": baseline.gates_open(rows),
        **{name: other.score(rows, target) for name, other in others.items()},
    }
    return pd.DataFrame(columns)


def with_outcomes(context: StageContext, rows: pd.DataFrame, target: str, *, known_until_us: int) -> pd.DataFrame:
    """Add ``y`` and ``y_TARGET`` as they were known at some time; later stages and unfinished windows tell nothing."""
    spec, stages = context.spec(), read_stages(context)
    stages = stages[is_known(stages["entered_us"], known_until_us)]
    keys = ["lead_id", AS_OF]
    labels = build_labels(rows[keys], stages, spec, observed_until_us=known_until_us)
    for name in spec.targets:
        y = labels.loc[labels["target"] == name, [*keys, "y"]].astype({"y": "float64"})
        outcomes = rows[keys].merge(y, on=keys, how="left", validate="one_to_one")["y"]
        rows = rows.assign(**{"y" if name == target else f"y_{name}": outcomes.to_numpy()})
    return rows
