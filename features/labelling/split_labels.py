"""Labels of every target, cut into parts by one start of the test: what each row may be used for, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from features.labelling.labels import as_seen, build_labels
from features.labelling.seen_so_far import seen_so_far
from features.labelling.time_split import SplitOptions, embargo_is_kept, split_by_time, start_of_test
from features.source_spec import SourceSpec


class SplitLabels(NamedTuple):
    """Labels and how time was cut.

    Attributes
    ----------
    labels : DataFrame
        As `features.labelling.labels.build_labels` gives them, with ``part``, ``seen_us`` and ``evidence``; the young
        as they were seen when the test began.
    test_from : int
        When the test begins, in microseconds since 1970: one start for all targets.
    embargoes : mapping of target to bool
        Whether training and calibration are kept a horizon apart.
    """

    labels: pd.DataFrame
    test_from: int
    embargoes: Mapping[str, bool]


def split_labels(
    snapshots: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec, *, observed_until_us: int, options: SplitOptions
) -> SplitLabels:
    """Label every snapshot for every target, and say which part of the split it belongs to.

    Parameters
    ----------
    snapshots, stages, spec, observed_until_us
        As for `features.labelling.labels.build_labels`.
    options : SplitOptions
        Where the test begins.

    Raises
    ------
    InputError
        If a part would be left without any row.
    """
    labels = build_labels(snapshots, stages, spec, observed_until_us=observed_until_us)
    by_target = {str(name): rows for name, rows in labels.groupby("target", sort=True)}
    test_from = start_of_test(by_target[spec.primary_target], options=options)
    fixed = options.model_copy(update={"test_from": test_from})
    cut = {name: _cut(by_target[name], stages, spec, name, fixed) for name in sorted(spec.targets)}
    tables = pd.concat([table for table, _ in cut.values()], ignore_index=True)
    return SplitLabels(tables, test_from, {name: kept for name, (_, kept) in cut.items()})


def _cut(
    rows: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec, name: str, options: SplitOptions
) -> tuple[pd.DataFrame, bool]:
    """Return one target's labels by part, the young as they were seen when the test began, and whether embargo held."""
    horizon, test_from = spec.target(name).horizon, start_of_test(rows, options=options)
    part = split_by_time(rows, horizon_us=horizon, options=options)
    young = as_seen(rows[part == "young"], seen_until_us=test_from)
    cut = pd.concat([rows.drop(young.index), young]).sort_index().assign(part=part)
    seen = seen_so_far(cut, stages, horizon_us=horizon, seen_until_us=test_from)
    return cut.join(seen), embargo_is_kept(rows, part, horizon_us=horizon)
