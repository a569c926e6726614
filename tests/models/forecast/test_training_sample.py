"""Which looks a forecast learns from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.forecast.fit_target import FIT_PARTS
from models.forecast.training_sample import labels_to_learn_from


def labels(leads: int) -> pd.DataFrame:
    """Three looks at each lead for each of two targets; one lead in five is in the test."""
    rows = pd.DataFrame({"lead_id": np.repeat([f"l{number:05d}" for number in range(leads)], 3)})
    rows["part"] = np.where(rows.index // 3 % 5 == 0, "test", np.take(FIT_PARTS, rows.index // 3 % 4))
    return pd.concat([rows.assign(target="sql"), rows.assign(target="close")], ignore_index=True)


def test_few_rows_are_all_learned_from_and_the_test_is_not():
    table = labels(100)
    assert labels_to_learn_from(table, most_rows=10_000, seed=1).equals(table[table["part"] != "test"])


def test_of_more_rows_whole_leads_are_drawn_whatever_the_order():
    table = labels(4_000)  # 9,600 rows a target that fitting may see
    drawn = labels_to_learn_from(table, most_rows=2_400, seed=1)
    assert 2_200 < (drawn["target"] == "sql").sum() < 2_600  # four standard deviations of such a draw
    assert (drawn.groupby(["lead_id", "target"]).size() == 3).all()
    shuffled = labels_to_learn_from(table.sample(frac=1.0, random_state=5), most_rows=2_400, seed=1)
    assert set(shuffled["lead_id"]) == set(drawn["lead_id"])
    assert set(labels_to_learn_from(table, most_rows=2_400, seed=2)["lead_id"]) != set(drawn["lead_id"])


def test_what_is_in_the_test_does_not_change_the_draw():
    table = labels(4_000)
    without = table[table["part"] != "test"]
    assert labels_to_learn_from(table, most_rows=2_400, seed=1).equals(
        labels_to_learn_from(without, most_rows=2_400, seed=1)
    )


def test_no_labels_are_no_labels():
    assert labels_to_learn_from(labels(0), most_rows=10, seed=1).empty
