"""All policies by name, and the names as types that settings and saved cut-offs check."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticKnownError

from models.cutoffs.policies.expected_value import ExpectedValue
from models.cutoffs.policies.number_of_leads import DefaultShare, PerWeek, SameVolumeAsPoints, WhatPeopleCanWork
from models.cutoffs.policies.policy import Policy
from models.cutoffs.policies.promised_precision import PromisedPrecision
from models.cutoffs.policies.same_as_points import SamePrecisionMoreLeads, SameRecallFewerLeads

KINDS: tuple[type[Policy], ...] = (
    SameVolumeAsPoints,
    PerWeek,
    DefaultShare,
    WhatPeopleCanWork,
    SamePrecisionMoreLeads,
    SameRecallFewerLeads,
    PromisedPrecision,
    ExpectedValue,
)
"""In the order in which messages list them."""
POLICIES: dict[str, Policy] = {kind.name: kind() for kind in KINDS}


def one_of(names: Collection[str]) -> BeforeValidator:
    """Return the check that a value is one of these names, with the message of a ``Literal``."""
    *first, last = (repr(name) for name in names)
    expected = f"{', '.join(first)} or {last}"

    def check(value: object) -> object:
        if not isinstance(value, str) or value not in names:
            raise PydanticKnownError("literal_error", {"expected": expected})
        return value

    return BeforeValidator(check)


PolicyName = Annotated[str, one_of(POLICIES)]
"""Name of a policy."""
AskedPolicy = Annotated[str, one_of([name for name, policy in POLICIES.items() if policy.in_settings])]
"""Name of a policy that settings may name."""
