"""What may be asked, and what does not fit together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from models.what_if.question import KNOBS, Question


def test_people_come_to_leads_a_week() -> None:
    # 2 people x 10 h x 60 min / 30 min = 40 leads in a week at work, 44 of 52 weeks
    asked = Question(people=2, hours_a_week=10, minutes_a_lead=30)
    assert asked.capacity == pytest.approx(40 * 44 / 52)
    assert Question(people=2, sal_per_week=7).capacity == 7
    assert Question(people=2, leads_a_person=5).capacity == 10


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"deal_value": 9_000}, "value"),
        ({"handover_cost": 300}, "value"),
        ({"missed_cost": 50}, "value"),
        ({"sal_per_week": 9, "mql_per_week": 3}, "order"),
        ({"people": 9, "leads_a_person": 4, "mql_per_week": 30}, "order"),
    ],
)
def test_what_does_not_fit_together_says_of_which_kind_it_is(given: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Question.model_validate(given)
    (error,) = refused.value.errors()
    assert (error["type"], error["loc"]) == (kind, ())
    assert error["msg"] == "expected {expected}, found {found}".format(**error["ctx"])


@pytest.mark.parametrize(
    "given",
    [{"people": 1e308, "hours_a_week": 80, "minutes_a_lead": 1}, {"people": 1, "minutes_a_lead": 1e-300},
     {"sal_per_week": 1e300}, {"mql_per_week": 1e300}, {"people": 1, "leads_a_person": 1e300},
     {"deal_value": 1e300, "handover_cost": 1}],
)  # fmt: skip
def test_no_number_of_leads_is_beyond_counting(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Question.model_validate(given)


def test_value_and_cost_are_told_together() -> None:
    asked = Question(deal_value=9_000, handover_cost=300, missed_cost=50)
    assert asked.model_dump()["value"] == {"deal": 9_000, "handover": 300, "missed": 50}
    assert not {"deal_value", "handover_cost", "missed_cost"} & set(asked.model_dump())
    assert Question().value is None
    assert asked != Question(deal_value=9_000, handover_cost=301, missed_cost=50)


def test_no_two_fields_share_a_name() -> None:
    for names in ([knob.flag for knob in KNOBS.values()], [knob.form for knob in KNOBS.values()]):
        assert len(set(names)) == len(KNOBS)
