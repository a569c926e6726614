"""The band rule: every SAL is an MQL, nobody barred passes, and a pair keeps its sides."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from models.bands import BANDS, PerBand, band_of, may_enter, ordered, passes, rows_that_may_enter


def test_bands_worked_by_hand() -> None:
    may = may_enter([False, False, False, False, True], [True, True, True, False, True])
    passing = passes([0.1, 0.3, 0.6, 0.6, 0.9], may, PerBand(0.3, 0.6))
    assert band_of(passing).tolist() == ["none", "MQL", "SAL", "MQL", "none"]


rows = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.6, np.nan]), st.booleans(), st.booleans()), min_size=1, max_size=30
)


@given(rows, st.sampled_from([0.2, 0.4, 0.5]), st.sampled_from([0.2, 0.4, 0.5]))
def test_every_sal_is_an_mql_and_nobody_barred_passes(
    given_rows: list[tuple[float, bool, bool]], mql: float, sal: float
) -> None:
    frame = pd.DataFrame(given_rows, columns=["score", "excluded", "gates_open"])
    passing = passes(frame["score"], rows_that_may_enter(frame), PerBand(mql, sal))
    assert not (passing.sal & ~passing.mql).any()
    assert not (passing.mql & frame["excluded"]).any()
    assert not (passing.sal & ~frame["gates_open"]).any()
    assert (frame.loc[passing.sal, "score"] >= max(mql, sal)).all()
    bands = band_of(passing)
    assert ((bands != "none") == passing.mql).all()
    assert ((bands == "SAL") == passing.sal).all()


@given(rows)
def test_a_lower_cut_off_never_promotes_fewer(given_rows: list[tuple[float, bool, bool]]) -> None:
    frame = pd.DataFrame(given_rows, columns=["score", "excluded", "gates_open"])
    may = rows_that_may_enter(frame)
    lower, higher = passes(frame["score"], may, PerBand(0.2, 0.4)), passes(frame["score"], may, PerBand(0.4, 0.6))
    for band in BANDS:
        assert not (higher.of(band) & ~lower.of(band)).any()


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_ordering_moves_sal_alone_and_only_upwards(mql: float, sal: float) -> None:
    both = ordered(PerBand(mql, sal))
    assert both.mql == mql
    assert both.sal == max(mql, sal)


def test_a_pair_keeps_its_sides() -> None:
    pair = PerBand.by(lambda band: band.lower())
    assert pair == PerBand("mql", "sal")
    assert dict(pair.map(len).items()) == {"MQL": 3, "SAL": 3}
    assert [pair.of(band) for band in BANDS] == ["mql", "sal"]
