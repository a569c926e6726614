"""What the job sees: every open lead every night, for volumes before the test begins and for promotions in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from features.as_of import AS_OF, is_known
from features.clock import format_duration
from features.labels import build_labels
from features.snapshots import job_snapshots
from features.spec import SourceSpec
from models.baseline import Baseline
from models.cutoffs import WEEK_US, Counting
from models.forecast import Forecast
from pipeline.features import write_features
from pipeline.ingested import read_leads, read_observed_until, read_stages
from pipeline.judged_rows import KEYS, read_first_looks, volume_rows
from pipeline.progress import say
from pipeline.stage import StageContext

COUNTED_WEEKS = 8
"""Most weeks before the test whose promotions are counted; the newest are most like those to come."""
ROWS_AT_ONCE = 150_000
"""Looks whose features are computed together, which bounds memory."""

Nights = npt.NDArray[np.int64]
NO_OTHERS: Mapping[str, Baseline] = MappingProxyType({})


@dataclass(frozen=True)
class Looks:
    """Looks at leads that have not reached the target, with all that decides on promotion.

    Attributes
    ----------
    rows : DataFrame
        ``lead_id``, ``as_of_us``, ``p`` (model), ``points`` (baseline), ``excluded``, ``gates_open``; for test leads
        ``y`` too; sorted by lead and time.
    counting : Counting
        Which first promotions make the number a week; and the share of the leads that are looked at.
    every_us : int or None
        Rhythm of the looks; None where each lead has one look.
    """

    rows: pd.DataFrame
    counting: Counting
    every_us: int | None

    @property
    def every(self) -> str | None:
        """The rhythm as settings write it."""
        return None if self.every_us is None else format_duration(self.every_us)

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Which rows lie in the time that counts."""
        return (self.rows[AS_OF] >= self.counting.from_us).to_numpy(dtype=bool)


def decisions(
    rows: pd.DataFrame,
    baseline: Baseline,
    forecast: Forecast | None,
    target: str,
    *,
    others: Mapping[str, Baseline] = NO_OTHERS,
) -> pd.DataFrame:
    """Return rows of features as rows of `Looks`; without a forecast, ``p`` must stand in them.

    Each of ``others`` gets a column of its name with its score.
    """
    p = rows["p"] if forecast is None else forecast.predict(rows)[f"p_{target}"]
    columns = {
        "lead_id": rows["lead_id"],
        AS_OF: rows[AS_OF],
        "p": p.to_numpy(dtype="float64"),
        "points": baseline.score(rows, target),
        "excluded": baseline.excluded(rows),
        "gates_open": baseline.gates_open(rows),
        **{name: other.score(rows, target) for name, other in others.items()},
    }
    return pd.DataFrame(columns)


def counting_nights(*, period_from_us: int, test_from_us: int, every_us: int, runin_us: int) -> tuple[Nights, Counting]:
    """Return when the job looks before the test begins, and which of its promotions count.

    Parameters
    ----------
    period_from_us, test_from_us : int
        The calibration period.
    every_us : int
        Rhythm of the job. Its last look is one such step before the test.
    runin_us : int
        How long a lead is looked at: the job starts so long before the time that counts, so that it knows who was
        promoted before.

    Returns
    -------
    nights : array of int64
        Rising.
    counting : Counting
        As many of the newest nights as fit into the calibration period and ``COUNTED_WEEKS``; at least one.
    """
    period_us = min(test_from_us - period_from_us, COUNTED_WEEKS * WEEK_US)
    counted = max(period_us // every_us, 1)
    before = -(-runin_us // every_us)
    nights = test_from_us - every_us * np.arange(counted + before, 0, -1, dtype="int64")
    return nights, Counting(int(nights[before]), counted * every_us / WEEK_US)


def calibration_looks(
    context: StageContext, history: pd.DataFrame, baseline: Baseline, forecast: Forecast, *, target: str
) -> Looks:
    """Return what the job would have seen before the test begins; outcomes play no part."""
    spec = context.spec()
    if spec.snapshots.every is None or spec.snapshots.until is None:
        rows = decisions(volume_rows(context, history, target=target), baseline, forecast, target)
        return Looks(rows, Counting.of_all(rows[AS_OF]), None)
    every, first = context.settings.score.every, read_first_looks(context, target)
    nights, counting = counting_nights(
        period_from_us=first.calibration_from_us,
        test_from_us=first.test_from_us,
        every_us=every,
        runin_us=spec.snapshots.until - spec.snapshots.after,
    )
    snapshots = _waiting(context, spec, nights, target=target)
    # Who is no longer looked at when counting begins cannot be promoted in it.
    counted = snapshots.loc[snapshots[AS_OF] >= counting.from_us, "lead_id"]
    snapshots = snapshots[snapshots["lead_id"].isin(counted.unique())]
    say(f"cutoffs: {len(snapshots):,} looks, one every {format_duration(every)}")
    return Looks(_look(context, spec, snapshots, baseline, forecast, target), counting, every)


def looks_in_test(
    context: StageContext,
    test: pd.DataFrame,
    baseline: Baseline,
    forecast: Forecast,
    target: str,
    *,
    others: Mapping[str, Baseline] = NO_OTHERS,
) -> Looks:
    """Return what the job would have seen of the test leads while their outcomes are known.

    Parameters
    ----------
    context : StageContext
    test : DataFrame
        Test rows of the target, with ``p`` and ``y``: the looks themselves where each lead has one.
    baseline, forecast, target
        What is compared, and on which outcome.
    others : mapping of str to Baseline
        Further scorers, each with a column of its name in the rows.
    """
    spec = context.spec()
    if spec.snapshots.every is None or spec.snapshots.until is None:
        rows = decisions(test, baseline, None, target, others=others).assign(y=test["y"].to_numpy())
        return Looks(rows, Counting.of_all(rows[AS_OF]), None)
    every, until = context.settings.score.every, read_observed_until(context)
    first = read_first_looks(context, target)
    mature_until = until - spec.target(target).horizon
    nights = np.arange(first.test_from_us, max(mature_until, first.test_from_us) + 1, every, dtype="int64")
    snapshots = _waiting(context, spec, nights, target=target)
    snapshots = snapshots[snapshots["lead_id"].isin(first.test_leads)]
    snapshots, share = _sample(snapshots, context.settings.evaluate.look_leads, seed=context.settings.seed)
    say(f"evaluate: {len(snapshots):,} looks, one every {format_duration(every)}")
    rows = _look(context, spec, snapshots, baseline, forecast, target, others)
    labels = build_labels(rows[["lead_id", AS_OF]], read_stages(context), spec, observed_until_us=until)
    labels = labels.loc[labels["target"] == target, ["lead_id", AS_OF, "y"]].astype({"y": "float64"})
    rows = rows.merge(labels, on=["lead_id", AS_OF], validate="one_to_one")
    return Looks(rows, _test_counting(nights, spec, every, share), every)


def _test_counting(nights: Nights, spec: SourceSpec, every: int, share: float) -> Counting:
    """Count once every open lead is a test lead; from the start where the test is too short for that."""
    looked_at_us = (spec.snapshots.until or 0) - spec.snapshots.after
    settled = nights[nights >= nights[0] + looked_at_us]
    counted = settled if len(settled) * every >= WEEK_US else nights
    return Counting(int(counted[0]), len(counted) * every / WEEK_US, share)


def _waiting(context: StageContext, spec: SourceSpec, nights: Nights, *, target: str) -> pd.DataFrame:
    """Return the job's looks at leads that had not reached the target by then."""
    stages = read_stages(context)
    snapshots = job_snapshots(read_leads(context), stages, spec, nights_us=nights)
    reaching = stages[stages["stage"].isin(spec.stages_reaching(spec.target(target).stage))]
    reached = snapshots["lead_id"].map(reaching.groupby("lead_id")["entered_us"].min()).astype("Int64")
    there: pd.Series = is_known(reached, snapshots[AS_OF]).fillna(False).astype(bool)
    waiting: pd.DataFrame = snapshots[~there].reset_index(drop=True)
    return waiting


def _sample(snapshots: pd.DataFrame, count: int, *, seed: int) -> tuple[pd.DataFrame, float]:
    """Draw leads; all if there are no more than asked."""
    leads = np.sort(snapshots["lead_id"].unique().astype(str))
    if len(leads) <= count:
        return snapshots, 1.0
    drawn = np.random.default_rng(seed).choice(leads, size=count, replace=False)
    return snapshots[snapshots["lead_id"].isin(drawn)], count / len(leads)


def _look(
    context: StageContext,
    spec: SourceSpec,
    snapshots: pd.DataFrame,
    baseline: Baseline,
    forecast: Forecast,
    target: str,
    others: Mapping[str, Baseline] = NO_OTHERS,
) -> pd.DataFrame:
    """Compute features, forecast and points of snapshots, some nights at a time, and keep what decides."""
    parts: list[pd.DataFrame] = []
    if snapshots.empty:
        parts.append(decisions(snapshots.assign(p=0.0), baseline, None, target, others=others))
    ingested, options = context.folder("ingest"), context.settings.features
    with tempfile.TemporaryDirectory(dir=context.workspace.root, prefix=".looks-") as scratch:
        for chunk in _some_nights(snapshots):
            file = Path(scratch) / "looks.parquet"
            write_features(ingested, chunk, spec, options, file)
            for rows in _read(file):
                parts.append(decisions(rows, baseline, forecast, target, others=others))
    return pd.concat(parts).sort_values(["lead_id", AS_OF], ignore_index=True)


def _some_nights(snapshots: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Cut snapshots into runs of whole nights, none much longer than ``ROWS_AT_ONCE``."""
    by_night = snapshots.groupby(AS_OF).size().sort_index()
    piece = (by_night.cumsum() - 1) // ROWS_AT_ONCE
    for _, chunk in snapshots.groupby(snapshots[AS_OF].map(piece), sort=True):
        yield chunk


def _read(file: Path) -> Iterator[pd.DataFrame]:
    """Read feature rows a row group at a time."""
    groups = pq.ParquetFile(file).num_row_groups
    for group in range(groups):
        with pq.ParquetFile(file) as source:
            table = source.read_row_group(group)
        as_of = table.column(KEYS[1]).cast("int64").to_numpy()
        yield table.drop_columns([KEYS[1]]).to_pandas().assign(**{AS_OF: as_of})
