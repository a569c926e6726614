"""Whose silence is a no: hand-overs from stages and table, and the weight of each row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.source_spec import SourceSpec
from features.tables.handovers import first_handovers, handover_weights, promotion_weights
from features.time_units import DAY_US

SPEC = SourceSpec.model_validate(
    {
        "name": "tiny",
        "title": {"de": "Klein", "en": "Tiny"},
        "targets": {"sql": {"stage": "SQL", "horizon": "60d"}},
        "follow_up": "promoted_only",
    }
)
NO_HANDOVERS = pd.DataFrame({"lead_id": [], "handed_over_us": [], "handed_over_by": [], "probability": []})


def stages(*rows: tuple[str, str, int]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["lead_id", "stage", "entered_us"])
    return table.assign(entered_us=table["entered_us"].astype("int64") * DAY_US)


def handovers(*rows: tuple[str, int, str, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["lead_id", "handed_over_us", "handed_over_by", "probability"])
    return table.assign(handed_over_us=table["handed_over_us"].astype("int64") * DAY_US)


def looks(*rows: tuple[str, int]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["lead_id", "as_of_us"])
    return table.assign(as_of_us=table["as_of_us"].astype("int64") * DAY_US)


def test_weights_worked_by_hand() -> None:
    first = first_handovers(
        stages(("cut", "MQL", 20), ("lane", "MQL", 16), ("lost", "LOST", 5)),
        handovers(("lane", 15, "exploration", 0.04), ("found", 10, "other", np.nan)),
        SPEC,
    )
    rows = looks(*((lead, day) for lead in ("cut", "lane", "found", "never") for day in (1, 15, 29)), ("lost", 1))
    result = handover_weights(rows, first)
    # cut: promoted on day 20, so silent on days 1 and 15, though it did qualify for promotion later.
    # lane: drawn on day 15 with 4 %, so that row stands for 25; on day 29 it was with sales like any other.
    # found: with sales from day 10 on. never, and who was lost unworked: silent.
    assert result["weight"].tolist() == pytest.approx([0, 0, 1, 0, 25, 1, 0, 1, 1, 0, 0, 0, 0])
    assert result["how"].tolist() == [
        "silent", "silent", "worked", "silent", "drawn", "worked", "silent", "worked", "worked",
        "silent", "silent", "silent", "silent",
    ]  # fmt: skip


def test_a_draw_belongs_to_the_last_row_before_it_and_to_no_old_one() -> None:
    first = first_handovers(stages(), handovers(("a", 17, "exploration", 0.1), ("b", 30, "exploration", 0.1)), SPEC)
    rows = looks(("a", 12), ("a", 15), ("a", 18), ("b", 15))
    assert handover_weights(rows, first)["how"].tolist() == ["silent", "drawn", "worked", "silent"]


def test_a_very_small_probability_weighs_no_more_than_a_thousand() -> None:
    first = first_handovers(stages(), handovers(("a", 1, "exploration", 1e-9)), SPEC)
    assert handover_weights(looks(("a", 1)), first)["weight"].tolist() == pytest.approx([1000])


def test_stages_tell_of_hand_overs_where_there_is_no_table() -> None:
    first = first_handovers(stages(("a", "SRL", 3), ("a", "MQL", 4), ("b", "RECYCLED", 2)), NO_HANDOVERS, SPEC)
    assert first.index.tolist() == ["a"]
    assert first.loc["a", "handed_over_us"] == 3 * DAY_US
    assert len(first_handovers(stages(), NO_HANDOVERS, SPEC)) == 0


def test_the_order_of_rows_changes_nothing() -> None:
    told = handovers(("a", 3, "exploration", 0.5), ("a", 9, "cutoff", 1.0), ("b", 2, "cutoff", 1.0))
    entered = stages(("a", "MQL", 3), ("b", "MQL", 2), ("c", "SAL", 1))
    rows = looks(*((lead, day) for lead in "abcd" for day in (1, 3, 5)))
    expected = handover_weights(rows, first_handovers(entered, told, SPEC))
    mixed = rows.sample(frac=1, random_state=3)
    found = handover_weights(mixed, first_handovers(entered[::-1], told[::-1], SPEC))
    pd.testing.assert_frame_equal(found.sort_index(), expected)


def test_what_happens_after_a_row_by_cut_off_changes_no_weight_of_it() -> None:
    rows = looks(("a", 1), ("a", 15))
    late = handover_weights(rows, first_handovers(stages(("a", "MQL", 16)), NO_HANDOVERS, SPEC))
    never = handover_weights(rows, first_handovers(stages(), NO_HANDOVERS, SPEC))
    pd.testing.assert_frame_equal(late, never)


def test_what_a_promotion_weighs_worked_by_hand() -> None:
    first = first_handovers(
        stages(("cut", "MQL", 20)), handovers(("lane", 15, "exploration", 0.04), ("found", 10, "other", np.nan)), SPEC
    )
    rows = looks(*((lead, day) for lead in ("cut", "lane", "found", "never") for day in (1, 2, 10, 15, 16, 20)))
    found = promotion_weights(rows, first, draw_us=14 * DAY_US, look_us=DAY_US)
    # cut: with sales from day 20 on, and promoted on day 20 itself; never before, though it came to sales later.
    # lane: who waits on days 2 to 15 draws within 14 days, and was drawn; on day 1 another draw came first, and after
    # day 15 it is with sales. found: with sales from day 10 on.
    assert found["weight"].tolist() == pytest.approx(
        [0, 0, 0, 0, 0, 1] + [0, 25, 25, 25, 1, 1] + [0, 0, 1, 1, 1, 1] + [0] * 6
    )
    assert found["how"].tolist()[6:12] == ["silent", "drawn", "drawn", "drawn", "worked", "worked"]


def test_a_promotion_of_the_night_may_come_to_sales_before_the_next_look() -> None:
    first = first_handovers(stages(("a", "MQL", 20)), NO_HANDOVERS, SPEC)
    day_before = looks(("a", 19))
    for look_us, weight in ((DAY_US, 0), (DAY_US + 1, 1)):
        found = promotion_weights(day_before, first, draw_us=14 * DAY_US, look_us=look_us)
        assert found["weight"].tolist() == [weight]
