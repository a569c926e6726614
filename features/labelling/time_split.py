"""Training, calibration and test, split by time, with outcome windows kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from features.as_of import is_before, is_matured
from features.errors import InputError
from features.strict import Strict
from features.time_units import Instant, format_time

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("train", "between", "calibration", "young", "test", "embargo", "too_young", "not_at_risk")
"""What a labelled snapshot may be; `split_by_time` says when it is which."""
KNOWN_AT_TEST = ("train", "between", "calibration")
"""Parts whose outcomes are known when the test begins."""


class SplitOptions(Strict):
    """Where the test period begins, and how much of the time before it is kept for calibration."""

    test_share: float = Field(default=0.3, gt=0, lt=1)
    """Share of the leads, the newest by first snapshot, that are the test; unused when ``test_from`` is given."""
    calibration_share: float = Field(default=0.2, gt=0, lt=1)
    """Share of the leads before the test, the newest, that calibrate."""
    train_from: Instant | None = None
    test_from: Instant | None = None

    @model_validator(mode="after")
    def _ordered(self) -> SplitOptions:
        if self.train_from is not None and self.test_from is not None and self.train_from >= self.test_from:
            raise ValueError("split.train_from must come before split.test_from")
        return self


def start_of_test(labels: pd.DataFrame, *, options: SplitOptions) -> int:
    """Return when the test period begins, in microseconds since 1970.

    One source has one start, taken from its primary target, so that no target is fitted on leads that test another.

    Parameters
    ----------
    labels : DataFrame
        As for `split_by_time`.
    options : SplitOptions
        ``test_from``, or else ``test_share`` of the leads with a known outcome, the newest by first snapshot.

    Raises
    ------
    InputError
        If no outcome is known.
    """
    known = labels["at_risk"] & labels["y"].notna()
    if not known.any():
        raise InputError(
            expected="outcomes whose horizon has passed",
            found="none" if len(labels) else "no snapshots",
            table="labels",
            hint="Give a longer history, a shorter targets.*.horizon, or an earlier snapshots.after",
        )
    if options.test_from is not None:
        return options.test_from
    first = labels["as_of_us"].groupby(labels["lead_id"]).transform("min")
    return _cut(first[known], labels.loc[known, "lead_id"], options.test_share)


def embargo_is_kept(labels: pd.DataFrame, part: pd.Series, *, horizon_us: int) -> bool:
    """Whether every training outcome was known before calibration began (see the note on `split_by_time`)."""
    calibration_from = labels.loc[part == "calibration", "as_of_us"].min()
    return bool(is_matured(labels.loc[part == "train", "as_of_us"], horizon_us, calibration_from).all())


def split_by_time(labels: pd.DataFrame, *, horizon_us: int, options: SplitOptions) -> pd.Series:
    """Say for each labelled snapshot of one target which part it belongs to.

    A lead belongs to the part in which its first snapshot falls. Rows of older leads whose outcome window ends before
    the test begins are ``train`` or ``calibration``; ``between`` are those of training leads whose window was still
    open when calibration began: what is calibrated may not have seen them, what is tested may. ``young`` are rows
    of older leads whose window is still open when the test begins: of their outcome only what was seen by then may
    be used (`as_seen`). Rows of older leads from the test period, or from before ``train_from``, are ``embargo``.

    Parameters
    ----------
    labels : DataFrame
        ``lead_id``, ``as_of_us``, ``at_risk``, ``y`` of one target; one row a snapshot.
    horizon_us : int
        The target's horizon in microseconds.
    options : SplitOptions
        The cut; by share of leads or by date.

    Returns
    -------
    Series
        One of ``PARTS`` for each row, index as ``labels``.

    Raises
    ------
    InputError
        If a part would be left without any row.

    Notes
    -----
    Where ``between`` would leave training with less than half of its rows (a short history with a long horizon),
    calibration rows follow training without it; both still end one horizon before the test. That costs a little
    independence of the calibration, never of the test.
    """
    import pandas as pd

    known = labels["at_risk"] & labels["y"].notna()
    first = labels["as_of_us"].groupby(labels["lead_id"]).transform("min")
    test_from = start_of_test(labels, options=options)
    old = first < test_from
    if options.train_from is not None:
        old &= first >= options.train_from
    matured = is_matured(labels["as_of_us"], horizon_us, test_from)
    usable = known & old & matured
    _require(usable, "training", test_from, horizon_us)
    calibration_from = _cut(first[usable], labels.loc[usable, "lead_id"], options.calibration_share)
    training = usable & (first < calibration_from)
    apart = training & is_matured(labels["as_of_us"], horizon_us, calibration_from)
    part = pd.Series("embargo", index=labels.index, dtype=object)
    part[labels["y"].isna()] = "too_young"
    part[known & (first >= test_from)] = "test"
    part[old & ~matured & is_before(labels["as_of_us"], test_from)] = "young"
    part[training] = "between"
    part[apart if apart.sum() >= training.sum() / 2 else training] = "train"
    part[usable & (first >= calibration_from)] = "calibration"
    part[~labels["at_risk"]] = "not_at_risk"
    for name in ("train", "calibration", "test"):
        _require(part == name, name, test_from, horizon_us)
    return part


def _cut(first_us: pd.Series, lead_ids: pd.Series, newest_share: float) -> int:
    """Return the first snapshot time of the oldest among the newest leads."""
    by_lead = np.sort(first_us.groupby(lead_ids).first().to_numpy())
    boundary = np.quantile(by_lead, 1 - newest_share)
    newest = by_lead[by_lead > boundary]
    return int(newest[0]) if len(newest) else int(by_lead[-1])


def _require(rows: pd.Series, name: str, test_from: int, horizon_us: int) -> None:
    if not rows.any():
        days = horizon_us / 86_400_000_000
        raise InputError(
            expected=f"rows in the {name} period",
            found=f"none with the test starting {format_time(test_from)} and a horizon of {days:g} days",
            table="labels",
            hint="Give a longer history, a shorter horizon, or set split.test_from and split.train_from",
        )
