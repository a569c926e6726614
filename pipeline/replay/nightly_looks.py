"""What the job sees: every open lead every night, for volumes before the test begins and for promotions in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from features.as_of import AS_OF, is_known
from features.labelling.snapshots import job_snapshots
from features.source_spec import SourceSpec
from features.time_units import WEEK_US, format_duration
from models.cutoffs.counting import Counting
from models.forecast.forecast import Forecast
from models.rules.baseline import Baseline
from pipeline.features.stage import write_features
from pipeline.labels.follow_up import weigh_promotions
from pipeline.outputs.feature_rows import KEYS, read_features, read_first_looks, volume_rows
from pipeline.outputs.ingested_tables import read_leads, read_observed_until, read_stages, table_files
from pipeline.outputs.looks_file import Looks
from pipeline.replay.deciding_columns import NO_OTHERS, decisions, with_outcomes
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext

COUNTED_WEEKS = 8
"""Most weeks before the test whose promotions are counted; the newest are most like those to come."""
ROWS_AT_ONCE = 150_000
"""Looks whose features are computed together, which bounds memory."""

Nights = npt.NDArray[np.int64]


def counting_nights(*, period_from_us: int, test_from_us: int, every_us: int, runin_us: int) -> tuple[Nights, Counting]:
    """Return when the job looks before the test begins, and which of its promotions count.

    Parameters
    ----------
    period_from_us, test_from_us : int
        The calibration period.
    every_us : int
        Rhythm of the job. Its last look is one such step before the test.
    runin_us : int
        How long a lead is looked at: the job starts at least so long before the time that counts, so that it knows who
        was promoted before, and no later than the period.

    Returns
    -------
    nights : array of int64
        Rising.
    counting : Counting
        As many of the newest nights as fit into the calibration period and ``COUNTED_WEEKS``; at least one.
    """
    period_us = min(test_from_us - period_from_us, COUNTED_WEEKS * WEEK_US)
    counted = max(period_us // every_us, 1)
    before = max(-(-runin_us // every_us), (test_from_us - period_from_us) // every_us - counted)
    nights = test_from_us - every_us * np.arange(counted + before, 0, -1, dtype="int64")
    return nights, Counting(int(nights[before]), counted * every_us / WEEK_US)


def calibration_looks(
    context: StageContext,
    history: pd.DataFrame,
    baseline: Baseline,
    forecast: Forecast,
    *,
    target: str,
    final: Forecast | None = None,
) -> Looks:
    """Return what the job would have seen before the test begins, with what had become of it by then.

    ``forecast`` is the forward one, ``final`` that which scores from the test on (``forecast`` if not given).

    The nights reach back over the whole calibration period, so that leads the forecast was not fitted on
    (``unseen``) are followed from their first look on; the newest of them count for volumes.
    """
    spec, first = context.spec(), read_first_looks(context, target)
    past = _past(history, baseline, forecast, target, first.test_from_us)
    if spec.snapshots.every is None or spec.snapshots.until is None:
        rows = decisions(volume_rows(context, history, target=target), baseline, forecast, target, final=final)
        rows = with_outcomes(context, rows, target, known_until_us=first.test_from_us).assign(unseen=True)
        return Looks(rows, Counting.of_all(rows[AS_OF]), None, past)
    every = context.settings.score.every
    nights, counting = counting_nights(
        period_from_us=first.calibration_from_us,
        test_from_us=first.test_from_us,
        every_us=every,
        runin_us=spec.snapshots.until - spec.snapshots.after,
    )
    snapshots = _waiting(context, spec, nights, target=target)
    # Who is no longer looked at when counting begins cannot be promoted in it; who was looked at before the
    # calibration period began may have taught the forecast.
    counted = snapshots["lead_id"].isin(snapshots.loc[snapshots[AS_OF] >= counting.from_us, "lead_id"].unique())
    unseen = snapshots["lead_id"].isin(first.since_calibration)
    snapshots = snapshots[counted | unseen]
    say(f"cutoffs: {len(snapshots):,} looks, one every {format_duration(every)}")
    rows = _look(context, spec, snapshots, baseline, forecast, target, final=final)
    rows = with_outcomes(context, rows, target, known_until_us=first.test_from_us)
    rows = rows.assign(unseen=rows["lead_id"].isin(first.since_calibration))
    return Looks(rows, counting, every, past)


def _past(history: pd.DataFrame, baseline: Baseline, forecast: Forecast, target: str, until_us: int) -> pd.DataFrame:
    """Return what the forecast says of the training grid before a moment, of leads that had not reached the target."""
    rows = history[history[AS_OF] < until_us].reset_index(drop=True)
    predicted = forecast.predict(rows)
    waiting = ~predicted[f"reached_{target}"].to_numpy(dtype=bool)
    forecasts = rows[["lead_id", AS_OF]].assign(
        p=predicted[f"p_{target}"].to_numpy(dtype="float64"),
        excluded=baseline.excluded(rows),
        gates_open=baseline.gates_open(rows),
    )
    return forecasts[waiting].reset_index(drop=True)


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
        Test rows of the target, with the features: the looks themselves where each lead has one.
    baseline, forecast, target
        What is compared, and on which outcome.
    others : mapping of str to Baseline
        Further scorers, each with a column of its name in the rows.
    """
    spec, until = context.spec(), read_observed_until(context)
    if spec.snapshots.every is None or spec.snapshots.until is None:
        rows = decisions(test, baseline, forecast, target, others=others)
        rows = with_outcomes(context, rows, target, known_until_us=until)
        rows = weigh_promotions(rows.assign(unseen=True), context, every_us=None)
        return Looks(rows, Counting.of_all(rows[AS_OF]), None)
    every, first = context.settings.score.every, read_first_looks(context, target)
    mature_until = until - spec.target(target).horizon
    nights = np.arange(first.test_from_us, max(mature_until, first.test_from_us) + 1, every, dtype="int64")
    snapshots = _waiting(context, spec, nights, target=target)
    snapshots = snapshots[snapshots["lead_id"].isin(first.test_leads)]
    snapshots, share = _sample(snapshots, context.settings.evaluate.look_leads, seed=context.settings.seed)
    say(f"evaluate: {len(snapshots):,} looks, one every {format_duration(every)}")
    rows = _look(context, spec, snapshots, baseline, forecast, target, others=others)
    rows = with_outcomes(context, rows, target, known_until_us=until).assign(unseen=True)
    rows = weigh_promotions(rows, context, every_us=every)
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
    *,
    final: Forecast | None = None,
    others: Mapping[str, Baseline] = NO_OTHERS,
) -> pd.DataFrame:
    """Compute features, forecast and points of snapshots, some nights at a time, and keep what decides."""
    if snapshots.empty:
        none = read_features(context, "history").head(0)
        return decisions(none, baseline, forecast, target, final=final, others=others)
    parts = []
    tables, options = table_files(context), context.settings.features
    with context.workspace.scratch("looks") as scratch:
        for chunk in _some_nights(snapshots):
            file = scratch / "rows.parquet"
            write_features(tables, chunk, spec, options, file)
            for rows in _read(file):
                parts.append(decisions(rows, baseline, forecast, target, final=final, others=others))
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
