"""What goes into the settings so that the nightly job uses what was agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from models.cutoffs.policies.registry import AskedPolicy
from models.what_if.knob import Limit
from models.what_if.question import KNOBS, Question

POLICIES: Mapping[Limit, AskedPolicy] = {
    "capacity": "per_week",
    "promise": "promised_precision",
    "value": "expected_value",
}
"""The policy that keeps what was asked of SAL."""


def settings_for(question: Question, rule: Limit) -> dict[str, Any]:
    """Return the section ``cutoffs`` of the settings: the rule that decided, for each stage that was asked about.

    Parameters
    ----------
    question : Question
    rule : str
        What asks for most of SAL, see `models.what_if.agreement.Agreed`. A rule that was asked for too and asks for
        less is not in the settings: one stage has one rule.

    Examples
    --------
    >>> settings_for(Question(sal_per_week=12, promise=0.3), "capacity")
    {'sal': {'policy': 'per_week', 'per_week': 12.0}}
    >>> settings_for(Question(sal_per_week=12, promise=0.3), "promise")
    {'sal': {'policy': 'promised_precision', 'promise': 0.3}, 'confidence': 0.9}
    >>> settings_for(Question(mql_per_week=50), "in_force")
    {'mql': {'policy': 'per_week', 'per_week': 50.0}}
    """
    section: dict[str, Any] = {}
    if question.mql_per_week is not None:
        section["mql"] = {"policy": "per_week"}
    if rule in POLICIES:
        section["sal"] = {"policy": POLICIES[rule]}
    # people come to a number a week, and that number is what the policy is given
    settled = question.model_copy(update={"sal_per_week": question.capacity})
    for name, knob in KNOBS.items():
        value = getattr(settled, name)
        if knob.adopts is not None and knob.rule in (None, rule) and value is not None:
            _put(section, knob.adopts.split("."), value)
    if rule == "value" and question.capacity is not None:
        section["sal"]["capacity"] = _people(question, question.capacity)
    return section


def _put(section: dict[str, Any], path: Sequence[str], value: float) -> None:
    for key in path[:-1]:
        section = section.setdefault(key, {})
    section[path[-1]] = value


def settings_text(section: Mapping[str, Any]) -> str:
    """Return the section as it stands in ``params.yaml``; empty where there is nothing to adopt.

    Examples
    --------
    >>> print(settings_text({"sal": {"policy": "per_week", "per_week": 12.0}}))
    cutoffs:
      sal:
        policy: per_week
        per_week: 12.0
    <BLANKLINE>
    """
    text: str = yaml.safe_dump({"cutoffs": dict(section)}, sort_keys=False, default_flow_style=False) if section else ""
    return text


def _people(question: Question, capacity: float) -> dict[str, float]:
    """Return people and times that come to so many leads a week."""
    hours = question.hours_a_week
    minutes = question.minutes_a_lead
    if question.leads_a_person is not None:
        minutes = hours * 60 / question.leads_a_person
    return {
        "people": capacity / (hours * 60 / minutes),
        "hours_a_week": hours,
        "share_for_leads": 1.0,
        "minutes_a_lead": minutes,
        "weeks_off": 0.0,
    }
