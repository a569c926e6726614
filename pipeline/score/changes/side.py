"""A run as one end of the path: its decision, its feature rows, and what computes rows like them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.as_of import AS_OF
from features.source_spec import FeatureOptions, SourceSpec
from models.decision.decision_files import ScoringParts
from models.log_odds import probability_to_log_odds
from models.scoring.changes import PathPoint
from models.scoring.score_rows import chance_and_band
from pipeline.features.stage import write_features

Looks = pd.DataFrame
"""``lead_id`` and ``as_of_us``, by lead."""


@dataclass(frozen=True)
class Kernel:
    """What computes feature rows: the source and the options as a model knows them."""

    spec: SourceSpec
    options: FeatureOptions

    @classmethod
    def of(cls, parts: ScoringParts) -> Kernel:
        """Return the kernel that a model was trained with."""
        return cls(parts.forecast.spec, parts.forecast.feature_options)

    def write(self, tables: Mapping[str, Path], looks: Looks, file: Path, *, until_us: int | None = None) -> Path:
        """Write the feature rows of looks, by lead, from facts or from those up to a moment."""
        write_features(tables, looks, self.spec, self.options, file, until_us=until_us)
        return file


@dataclass(frozen=True)
class Side:
    """One end of the path.

    Attributes
    ----------
    parts : ScoringParts
        What scored.
    features : Path
        The feature rows that were scored, by lead.
    observed_until_us : int
        The moment up to which facts were on record.
    """

    parts: ScoringParts
    features: Path
    observed_until_us: int

    @cached_property
    def _keys(self) -> pa.Table:
        return pq.read_table(self.features, columns=["lead_id", "as_of"])

    @property
    def leads(self) -> pa.ChunkedArray:
        """Whom it scored, in order."""
        return self._keys["lead_id"]

    def looks_at(self, leads: pa.Array) -> Looks:
        """Return the looks at some leads, in order of the lead."""
        chosen = self._keys.filter(pc.is_in(self.leads, value_set=leads))
        moments = chosen["as_of"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        return pd.DataFrame({"lead_id": chosen["lead_id"].to_pandas(), AS_OF: moments.to_numpy()})

    def point(self, rows: pd.DataFrame, other: Side | None = None) -> PathPoint:
        """Return where this model puts leads, by these cut-offs and rules or by those of another side."""
        by = (other or self).parts
        p, bands = chance_and_band(rows, forecast=self.parts.forecast, cutoffs=by.cutoffs, rules=by.rules)
        return PathPoint(probability_to_log_odds(p), bands.tolist())

    def decides_as(self, other: Side) -> bool:
        """Whether model, cut-offs and rules are those of the other side."""
        mine, theirs = self.parts, other.parts
        return (mine.model_version, mine.cutoffs.version, mine.rules_identity) == (
            theirs.model_version, theirs.cutoffs.version, theirs.rules_identity
        )  # fmt: skip


class RowsByLead:
    """Feature rows out of a file that is in order of the lead, some leads at a time.

    Parameters
    ----------
    file : Path
    rows : int
        Of a batch that is read.
    """

    def __init__(self, file: Path, rows: int) -> None:
        self._batches: Iterator[pa.RecordBatch] = pq.ParquetFile(file).iter_batches(batch_size=rows)
        self._waiting: list[pa.RecordBatch] = []

    def up_to(self, lead_ids: pa.Array) -> pd.DataFrame:
        """Return the rows of leads that follow those asked for before; each of them is in the file."""
        last = lead_ids[-1].as_py()
        while not self._waiting or self._waiting[-1]["lead_id"][-1].as_py() < last:
            batch = next(self._batches, None)
            if batch is None:
                break
            if batch.num_rows:
                self._waiting.append(batch)
        table = pa.Table.from_batches(self._waiting)
        end = int(pc.sum(pc.less_equal(table["lead_id"], pa.scalar(last))).as_py() or 0)
        self._waiting = table.slice(end).to_batches()
        passed = table.slice(0, end)
        rows: pd.DataFrame = passed.filter(pc.is_in(passed["lead_id"], value_set=lead_ids)).to_pandas()
        return rows.reset_index(drop=True)
