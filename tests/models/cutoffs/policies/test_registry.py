"""Policies are found by name; a name that is none is answered with those that there are."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from models.cutoffs.policies.registry import POLICIES, AskedPolicy, PolicyName, one_of


def message(kind: object, value: object) -> tuple[str, str]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    error = refused.value.errors()[0]
    return error["type"], error["msg"]


def test_every_policy_stands_under_its_own_name() -> None:
    assert [policy.name for policy in POLICIES.values()] == list(POLICIES)


@pytest.mark.parametrize("value", ["best", 3, None, ["capacity"], "default_share"])
def test_settings_are_told_the_policies_that_they_may_name(value: object) -> None:
    kind, said = message(AskedPolicy, value)
    assert kind == "literal_error"
    for name, policy in POLICIES.items():
        assert (f"'{name}'" in said) == policy.in_settings


def test_saved_cut_offs_may_name_what_a_policy_became() -> None:
    names = TypeAdapter(PolicyName)
    assert [names.validate_python(name) for name in POLICIES] == list(POLICIES)


def test_the_message_is_that_of_a_literal() -> None:
    assert message(Annotated[str, one_of(["a", "b", "c"])], "d") == message(Literal["a", "b", "c"], "d")
