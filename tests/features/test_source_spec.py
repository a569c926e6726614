"""What a ladder says about sales: by default, by declaration, and where it contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from features.source_spec import SourceSpec


def spec(*ladder: Any) -> SourceSpec:
    return SourceSpec.model_validate(
        {
            "name": "x",
            "title": {"de": "X", "en": "X"},
            "ladder": list(ladder),
            "targets": {"close": {"stage": "WON", "horizon": "30d"}},
        }
    )


def rung(stage: str, *, with_sales: bool) -> dict[str, Any]:
    return {"stage": stage, "with_sales": with_sales}


@pytest.mark.parametrize(
    ("ladder", "with_sales", "accepted"),
    [
        (["MQL", "SRL", "SAL", "SQL", "WON"], "SAL SQL WON", "SAL SQL WON"),
        # Sales has it, though it has not accepted it yet.
        (["MQL", rung("SRL", with_sales=True), "SAL", "SQL", "WON"], "SRL SAL SQL WON", "SAL SQL WON"),
        (["MQL", rung("SRL", with_sales=False), "SAL", "SQL", "WON"], "SAL SQL WON", "SAL SQL WON"),
        # A company whose SAL is marketing's last word.
        (["MQL", rung("SAL", with_sales=False), "SQL", "WON"], "SQL WON", "SAL SQL WON"),
        # Without SAL nobody but the company can say it.
        (["Lead", "Opportunity", "WON"], "", ""),
        (["Lead", rung("Opportunity", with_sales=True), "WON"], "Opportunity WON", "Opportunity WON"),
        (["Lead", "WON"], "", ""),
    ],
)
def test_which_rungs_are_with_sales(ladder: list[Any], with_sales: str, accepted: str) -> None:
    found = spec(*ladder)
    assert found.stages_with_sales == tuple(with_sales.split())
    assert found.accepted_stages == tuple(accepted.split())
    assert found.ladder == tuple(entry if isinstance(entry, str) else entry["stage"] for entry in ladder)


def test_a_ladder_reads_back_as_it_was_written() -> None:
    written = ["MQL", rung("SRL", with_sales=True), "SAL", "WON"]
    tree = spec(*written).model_dump(mode="json", by_alias=True)
    assert tree["ladder"] == written
    assert SourceSpec.model_validate(tree) == spec(*written)


def test_a_lead_does_not_leave_sales_by_climbing() -> None:
    with pytest.raises(ValidationError, match=r"'SAL' says with_sales: false, but a rung below it is with sales"):
        spec("MQL", rung("SRL", with_sales=True), rung("SAL", with_sales=False), "SQL", "WON")


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (3, ("ladder", 0, "name")),
        ({"stage": "SRL"}, ("ladder", 0, "rung", "with_sales")),
        ({"stage": "SRL", "with_sale": True}, ("ladder", 0, "rung", "with_sales")),
    ],
)
def test_a_rung_that_cannot_be_read_is_named(wrong: Any, place: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        spec(wrong, "WON")
    assert refused.value.errors()[0]["loc"] == place
