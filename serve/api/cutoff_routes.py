"""The API on cut-offs: what others would bring, as the command and the page say it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field, ValidationError

from models.what_if.question import DEFAULT_CONFIDENCE, HOURS_A_WEEK, MINUTES_A_LEAD, PromiseNotKeptError, Question
from serve.api.contracts import Contract, ProblemsOut
from serve.api.routes import KEYED, ServicesIn

router = APIRouter(prefix="/v1")


class WhatIfQuery(Contract):
    """A question about cut-offs; what is not given is not asked."""

    sal_per_week: float | None = Field(None, gt=0, description="Hand-overs a week that sales can take")
    mql_per_week: float | None = Field(None, gt=0, description="MQLs a week; without it the cut-off in force holds")
    promise: float | None = Field(None, gt=0, lt=1, description="Share of the SALs that must reach the target")
    confidence: float = Field(DEFAULT_CONFIDENCE, ge=0.5, lt=1, description="Of promise and intervals")
    people: float | None = Field(None, gt=0, description="Salespeople, in place of sal_per_week")
    minutes_a_lead: float = Field(MINUTES_A_LEAD, gt=0)
    hours_a_week: float = Field(HOURS_A_WEEK, gt=0, le=80, description="Hours a week and person for new leads")
    leads_a_person: float | None = Field(None, gt=0, description="Leads a week and person, if counted")
    deal_value: float | None = Field(None, gt=0, description="With handover_cost: what a deal brings")
    handover_cost: float | None = Field(None, gt=0)
    missed_cost: float = Field(0.0, ge=0)

    def question(self) -> Question:
        """Return it as the model takes it."""
        given = self.model_dump(exclude={"deal_value", "handover_cost", "missed_cost"})
        if (self.deal_value is None) != (self.handover_cost is None):
            raise HTTPException(422, [{"where": "deal_value", "message": "deal_value and handover_cost go together"}])
        if self.deal_value is not None:
            money = {"deal": self.deal_value, "handover": self.handover_cost, "missed": self.missed_cost}
            given["value"] = money
        try:
            return Question.model_validate(given)
        except ValidationError as error:
            problems = [{"where": None, "message": e["msg"].removeprefix("Value error, ")} for e in error.errors()]
            raise HTTPException(422, problems) from None


@router.get(
    "/cutoffs", dependencies=KEYED, responses={422: {"model": ProblemsOut}}, summary="What other cut-offs would bring"
)
def get_cutoffs(asked: Annotated[WhatIfQuery, Query()], services: ServicesIn) -> dict[str, Any]:
    """Answer from stored predictions: cut-offs, next quarter, test period, staff, who enters and leaves, next Monday.

    Nothing is changed. The keys are those of `leadscore cutoffs … --json`. A promise that cannot be kept is a 422 that
    says what could be promised.
    """
    try:
        return services.past.answer(asked.question())
    except PromiseNotKeptError as error:
        raise HTTPException(422, [{"where": "promise", "message": str(error)}]) from None
