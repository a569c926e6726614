from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.labelling.seen_so_far import PRIOR_LEADS, StageEntries, seen_so_far, stage_evidence
from features.time_units import DAY_US

HORIZON = 24 * DAY_US
AGE = [12 * DAY_US] * 2


def entries(rows):
    stages = pd.DataFrame(rows, columns=["lead_id", "stage", "entered_us"])
    return stages.assign(entered_us=(stages["entered_us"] * DAY_US).astype("int64"))


def looks(rows):
    """(lead, day of the look, day of the outcome or None)"""
    table = pd.DataFrame(rows, columns=["lead_id", "as_of_us", "outcome_us"])
    outcome = (table["outcome_us"] * DAY_US).astype("Int64")
    as_of = (table["as_of_us"] * DAY_US).astype("int64")
    return table.assign(as_of_us=as_of, outcome_us=outcome, y=outcome.notna().astype("Int8"))


def stage_at(stages, lead_ids, days):
    entered = StageEntries.of(stages)
    return [entered.names[number] for number in entered.at(entered.numbers_of(lead_ids), np.array(days) * DAY_US)]


def test_the_stage_of_a_lead_is_the_newest_entered_by_then():
    stages = entries([("a", "MQL", 1), ("a", "SAL", 3), ("b", "MQL", 2)])
    assert stage_at(stages, ["a", "a", "a", "a", "b", "c"], [0, 1, 2, 3, 9, 9]) == ["", "MQL", "MQL", "SAL", "MQL", ""]
    assert stage_at(stages, ["b", "b", "b"], [0, 1, 2]) == ["", "", "MQL"]  # what another lead entered does not count


def test_of_entries_at_one_moment_the_last_by_name_counts_whatever_their_order():
    stages = entries([("a", "SAL", 1), ("a", "MQL", 1), ("a", "LOST", 1)])
    assert stage_at(stages, ["a"], [1]) == stage_at(stages[::-1], ["a"], [1]) == ["SAL"]


def test_without_entries_nobody_is_in_a_stage():
    assert stage_at(entries([]), ["a"], [1]) == [""]


def worked_example():
    """Nine leads of known outcome, in no stage at first. One has its outcome early. After 12 days 3 of the 4 whose
    outcome is still to come are SAL, and 1 of the 4 without."""
    sal = [("y1", "SAL", 5), ("y2", "SAL", 6), ("y3", "SAL", 7), ("n1", "SAL", 8), ("early", "SAL", 1)]
    yes = [(f"y{i}", 0, 20) for i in range(1, 5)]
    matured = looks([*yes, ("early", 0, 2), *((f"n{i}", 0, None) for i in range(1, 5))])
    young = looks([("in SAL", 88, None), ("not yet", 88, None)])
    return young, matured, entries([*sal, ("in SAL", "SAL", 90)])


def test_worked_by_hand():
    young, matured, stages = worked_example()
    found = stage_evidence(young, matured, stages, horizon_us=HORIZON, seen_us=AGE)
    # Half of all waiting leads are SAL at that age, so two leads that went as all did add 1 of 2 on either side:
    # P(SAL | yes) = (3 + 1) / (4 + 2), P(SAL | no) = (1 + 1) / (4 + 2); not SAL: (1 + 1) / 6 and (3 + 1) / 6.
    assert PRIOR_LEADS == 2
    assert found == pytest.approx([np.log(4 / 2), np.log(2 / 4)])


def test_nothing_is_said_by_an_age_of_zero_or_a_way_never_seen():
    young, matured, stages = worked_example()
    assert stage_evidence(young, matured, stages, horizon_us=HORIZON, seen_us=[0, 0]).tolist() == [0.0, 0.0]
    stages = pd.concat([stages, entries([("not yet", "LOST", 99)])])
    assert stage_evidence(young, matured, stages, horizon_us=HORIZON, seen_us=AGE)[1] == 0.0


def test_more_rows_of_every_lead_prove_no_more_and_order_does_not_matter():
    young, matured, stages = worked_example()
    once = stage_evidence(young, matured, stages, horizon_us=HORIZON, seen_us=AGE)
    repeated = pd.concat([matured, matured]).sample(frac=1, random_state=0)
    shuffled = stages.sample(frac=1, random_state=1)
    assert stage_evidence(young, repeated, shuffled, horizon_us=HORIZON, seen_us=AGE) == pytest.approx(once)


def labelled_example():
    """The worked example as labels: the young, and of the others two that calibrate."""
    young, matured, stages = worked_example()
    labels = pd.concat([matured.assign(part="train"), young.assign(part="young")], ignore_index=True)
    labels.loc[labels["lead_id"].isin(["y4", "n1"]), "part"] = "calibration"
    return labels, stages


def test_young_leads_are_seen_until_the_test_and_calibration_leads_rehearse_it():
    labels, stages = labelled_example()
    seen = seen_so_far(labels, stages, horizon_us=HORIZON, seen_until_us=100 * DAY_US)
    young, rehearsal = labels["part"] == "young", labels["part"] == "calibration"
    assert (seen.loc[young | rehearsal, "seen_us"] == 12 * DAY_US).all()  # both young ones are 12 days old
    assert seen.loc[young, "evidence"].tolist() == pytest.approx([np.log(2), -np.log(2)])
    assert seen.loc[rehearsal, "evidence"].tolist() == pytest.approx([-np.log(2), np.log(2)])  # y4 waits, n1 is SAL
    assert seen.loc[~young & ~rehearsal].isna().all(axis=None)


def test_what_comes_after_the_day_changes_nothing():
    labels, stages = labelled_example()
    later = pd.concat([stages, entries([("not yet", "WON", 101), ("in SAL", "LOST", 105), ("n2", "WON", 101)])])
    asked = {"horizon_us": HORIZON, "seen_until_us": 100 * DAY_US}
    pd.testing.assert_frame_equal(seen_so_far(labels, later, **asked), seen_so_far(labels, stages, **asked))


def test_without_young_leads_nothing_is_rehearsed():
    labels, stages = labelled_example()
    none = labels[labels["part"] != "young"]
    assert seen_so_far(none, stages, horizon_us=HORIZON, seen_until_us=100 * DAY_US).isna().all(axis=None)
