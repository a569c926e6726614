"""The rows that cut-offs and evaluation work on: features of one part of the split, with forecast and outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.catalog.feature import Feature
from features.errors import InputError
from features.families.feature_list import feature_list
from features.source_spec import SourceSpec
from features.time_units import to_micros
from models.measures.observed_outcomes import WEIGHT
from pipeline.outputs.labels_file import read_labels, read_test_from
from pipeline.outputs.training_files import read_predictions
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import file_digest

KEYS = ["lead_id", "as_of"]
RowsOf = Literal["history", "open"]
ROWS_AT_ONCE = 65_536
"""Rows of features that lie in memory together beside those that are worked on."""


def source_features(context: StageContext) -> tuple[SourceSpec, tuple[Feature, ...]]:
    """Return the source's spec and its feature list under the current settings."""
    spec = context.spec()
    return spec, feature_list(spec, context.settings.features)


def features_file(name: RowsOf) -> str:
    """Return the name of the file with the features of past looks (``history``) or of present ones (``open``)."""
    return f"{name}.parquet"


def stored_features(context: StageContext, name: RowsOf) -> Path:
    """Return the Parquet file of feature rows, sorted by lead and as-of time, for another engine to open."""
    return context.folder("features") / features_file(name)


def stored_columns(context: StageContext, name: RowsOf) -> list[str]:
    """Return the columns of the file with the features, keys among them."""
    return list(pq.read_schema(stored_features(context, name)).names)


def read_features(context: StageContext, name: RowsOf, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read features, one row a lead and as-of time, with ``as_of_us`` beside ``as_of``.

    Parameters
    ----------
    context : StageContext
    name : {"history", "open"}
        Past looks, from which is learned, or the present one at every open lead.
    columns : sequence of str, optional
        Features wanted; all if none are named.
    """
    chosen = None if columns is None else [*KEYS, *columns]
    rows = pd.read_parquet(context.folder("features") / features_file(name), columns=chosen)
    return rows.assign(as_of_us=to_micros(rows["as_of"]))


def read_feature_chunks(context: StageContext, name: RowsOf, rows: int) -> Iterator[pd.DataFrame]:
    """Read features as `read_features` does, sorted by lead and as-of time, so many rows at a time; never none at all.

    Parameters
    ----------
    context : StageContext
    name : {"history", "open"}
    rows : int
        Of a chunk. A file that is sorted already is read piece by piece; another one is held in memory.
    """
    file = context.folder("features") / features_file(name)
    with pq.ParquetFile(file) as stored:
        if _is_sorted(stored.read(columns=KEYS)):
            batches = stored.iter_batches(batch_size=rows)
        else:
            batches = iter(stored.read().sort_by([(key, "ascending") for key in KEYS]).to_batches(max_chunksize=rows))
        first = next(batches, None)
        if first is None:
            first = stored.schema_arrow.empty_table()
        for batch in chain([first], batches):
            chunk = batch.to_pandas()
            yield chunk.assign(as_of_us=to_micros(chunk["as_of"]))


def count_rows(context: StageContext, name: RowsOf) -> int:
    """Return how many rows of features there are."""
    return int(pq.read_metadata(context.folder("features") / features_file(name)).num_rows)


def _is_sorted(keys: pa.Table) -> bool:
    lead, as_of = (keys[key].combine_chunks() for key in KEYS)
    later = pc.or_(
        pc.greater(lead[1:], lead[:-1]),
        pc.and_(pc.equal(lead[1:], lead[:-1]), pc.greater_equal(as_of[1:], as_of[:-1])),
    )
    return bool(pc.all(later, min_count=0).as_py())


def read_looks_at_leads(context: StageContext) -> pd.DataFrame:
    """Read ``lead_id``, ``as_of`` and ``as_of_us`` of the past looks, without their features."""
    return read_features(context, "history", columns=())


def read_features_of_leads(context: StageContext, leads: Iterable[str]) -> pd.DataFrame:
    """Read the past looks at some leads with their features, and at no others, a chunk at a time."""
    wanted = pd.Index(leads)
    chunks = read_feature_chunks(context, "history", ROWS_AT_ONCE)
    return pd.concat([chunk[chunk["lead_id"].isin(wanted)] for chunk in chunks], ignore_index=True)


def open_rows_digest(context: StageContext) -> str:
    """Return the SHA-256 of the file with the present features: rows that are equal have an equal one."""
    return file_digest(context.folder("features") / features_file("open"))


def judged_rows(context: StageContext, history: pd.DataFrame, *, target: str, part: str) -> pd.DataFrame:
    """Return the rows of one target and part, sorted by lead and time.

    Returns
    -------
    DataFrame
        ``lead_id, as_of, as_of_us``, the features, ``y`` (0 or 1), ``p`` (the model's forecast) and ``weight`` if
        labels have it.
    """
    forecasts = read_predictions(context)
    forecast_columns = ["y", "p", *forecasts.columns.intersection([WEIGHT])]
    chosen = forecasts[(forecasts["target"] == target) & (forecasts["part"] == part)]
    rows = history.merge(chosen[[*KEYS, *forecast_columns]], on=KEYS, how="inner", validate="one_to_one")
    if len(rows) != len(chosen):
        raise InputError(
            expected=f"features of the {len(chosen)} forecast rows of {target} in {part}",
            found=f"{len(rows)}",
            table="train/predictions.parquet",
            hint="Run 'leadscore train' again",
        )
    rows = rows.assign(y=rows["y"].astype("float64"))
    return rows.sort_values(KEYS, ignore_index=True)


def volume_rows(context: StageContext, history: pd.DataFrame, *, target: str) -> pd.DataFrame:
    """Return what a nightly job would have seen of the calibration leads until the test begins.

    Returns
    -------
    DataFrame
        ``lead_id, as_of, as_of_us`` and the features of every row at risk of a lead first looked at in the calibration
        period, before the test begins, whether its outcome is known by then or not: to count promotions takes no
        outcome. To count only rows with an outcome would leave the older ages of a lead out, at which points have
        added up and probabilities have fallen, and the volumes would not hold.
    """
    columns = [*KEYS, "target", "at_risk", "part"]
    labels = read_labels(context, columns)
    labels = labels[labels["target"] == target]
    first = labels.groupby("lead_id")["as_of"].transform("min")
    period_from = first[labels["part"] == "calibration"].min()
    test_from = first[labels["part"] == "test"].min()
    chosen = labels[labels["at_risk"] & (first >= period_from) & (labels["as_of"] < test_from)]
    return history.merge(chosen[KEYS], on=KEYS, validate="one_to_one").sort_values(KEYS, ignore_index=True)


@dataclass(frozen=True)
class FirstLooks:
    """Where time is cut for one target: first looks from which leads calibrate, from which they test; who does."""

    calibration_from_us: int
    test_from_us: int
    since_calibration: pd.Index
    """Leads first looked at in the calibration period: no model that calibrates on it was fitted on them."""
    test_leads: pd.Index


def read_first_looks(context: StageContext, target: str) -> FirstLooks:
    """Read from the labels where calibration and test begin; a lead belongs where its first look falls."""
    labels = read_labels(context, ["lead_id", "as_of", "target", "part"])
    labels = labels[labels["target"] == target]
    first = to_micros(labels["as_of"]).groupby(labels["lead_id"]).min()
    calibrate = first[first.index.isin(labels.loc[labels["part"] == "calibration", "lead_id"])]
    test_from = read_test_from(context)
    calibration_from, test_leads = int(calibrate.min()), first.index[first >= test_from]
    since = first.index[(first >= calibration_from) & (first < test_from)]
    return FirstLooks(calibration_from, test_from, since, test_leads)
