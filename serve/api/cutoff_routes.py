"""The API on cut-offs: what others would bring, as the command and the page say it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from models.what_if.agreement import PromiseNotKeptError
from models.what_if.answer import Answer
from models.what_if.question import Question
from serve.api.contracts import ProblemsOut
from serve.api.routes import KEYED, ServicesIn

router = APIRouter(prefix="/v1")


@router.get(
    "/cutoffs", dependencies=KEYED, responses={422: {"model": ProblemsOut}}, summary="What other cut-offs would bring"
)
def get_cutoffs(question: Annotated[Question, Query()], services: ServicesIn) -> Answer:
    """Answer from stored predictions: cut-offs, next quarter, test period, staff, who enters and leaves, next Monday.

    What is not given is not asked, and nothing is changed. The answer is that of `leadscore what-if … --json`. A
    promise that cannot be kept is a 422 that says what could be promised.
    """
    try:
        return services.what_if(question)
    except PromiseNotKeptError as error:
        raise HTTPException(422, [{"where": "promise", "message": str(error)}]) from None
