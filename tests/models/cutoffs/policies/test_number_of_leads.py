"""A number of leads: counted over the time that counts, of the leads that are looked at, and said in words."""

from __future__ import annotations

import pandas as pd
import pytest

from features.time_units import WEEK_US
from models.bands import PerBand
from models.cutoffs.counting import Counting
from models.cutoffs.evidence import BandEvidence, cutoff_evidence
from models.cutoffs.policies.knobs import Capacity, Knobs
from models.cutoffs.policies.number_of_leads import NumberOfLeads
from models.cutoffs.policies.policy import Chosen, Compared
from models.cutoffs.policies.registry import POLICIES


def looks() -> pd.DataFrame:
    """Eight leads in two weeks, a look each, from 0.8 down to 0.1."""
    rows = pd.DataFrame({"lead_id": list("abcdefgh"), "as_of_us": [0, WEEK_US] * 4})
    rows["p"] = [0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    return rows.assign(points=100 * rows["p"], y=0.0, excluded=False, gates_open=True, unseen=True)


def choose(name: str, knobs: Knobs, *, share: float = 1.0, own: bool = True) -> tuple[BandEvidence, Chosen]:
    counting = Counting(0, 2.0, share)
    points = cutoff_evidence(looks(), counting, score="points")
    compared = Compared(points, PerBand(55.0, 75.0), PerBand(3.0, 1.0), own=own)
    evidence = BandEvidence.of(looks(), counting, "MQL")
    policy = POLICIES[name]
    assert isinstance(policy, NumberOfLeads)
    return evidence, policy.choose(evidence, knobs, confidence=0.9, compared=compared)


@pytest.mark.parametrize(
    ("name", "knobs"),
    [
        ("per_week", Knobs(per_week=2)),
        # One person, one hour a week for leads, half an hour a lead, never off.
        ("capacity", Knobs(capacity=Capacity(people=1, hours_a_week=2, minutes_a_lead=30, weeks_off=0))),
    ],
)
def test_two_a_week_in_two_weeks_are_four_and_of_half_of_the_leads_two(name: str, knobs: Knobs) -> None:
    evidence, chosen = choose(name, knobs)
    assert (chosen.policy, chosen.asked_leads, chosen.threshold) == (name, 4.0, pytest.approx(0.45))
    evidence, chosen = choose(name, knobs, share=0.5)
    assert (chosen.asked_leads, chosen.threshold) == (2.0, pytest.approx(0.65))
    assert evidence.per_week([chosen.threshold])[0] == 2.0


def test_as_many_as_the_points_becomes_a_share_where_there_are_no_rules() -> None:
    _, chosen = choose("same_volume_as_points", Knobs())
    assert (chosen.policy, chosen.asked_leads, chosen.threshold) == ("same_volume_as_points", 3.0, pytest.approx(0.55))
    _, shared = choose("same_volume_as_points", Knobs(), own=False)
    assert (shared.policy, shared.threshold) == ("default_share", chosen.threshold)


def test_words_name_the_number_and_where_it_comes_from() -> None:
    people = Knobs(capacity=Capacity(people=2.5, minutes_a_lead=30))
    said = {
        name: POLICIES[name].words(people, "SAL", per_week=5.75, confidence=0.9)
        for name in ("per_week", "capacity", "same_volume_as_points", "default_share")
    }
    assert said == {
        "per_week": "5.75 leads a week",
        "capacity": "what 2.5 people can work, 5.75 leads a week",
        "same_volume_as_points": "as many leads as the points, 5.75 a week",
        "default_share": "without rules: as many as a tenth of the leads that come in as SAL, 5.75 a week",
    }
