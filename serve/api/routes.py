"""The API: score posted facts; a lead's score and history; open leads by priority; health."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.security import APIKeyHeader
from pydantic import ValidationError

from features.errors import InputError
from models.scoring.groups import Group
from serve.api.contracts import (
    BehaviourGrade,
    CurrentScoreOut,
    FitGrade,
    HealthOut,
    HistoryOut,
    LeadsOut,
    OnlineScoreOut,
    ProblemsOut,
    ScoreRequest,
    StoredScoreOut,
)
from serve.api.score_request import Posted, presented, score_posted
from serve.api.scored_together import ScoredTogether
from serve.lead_id_in_path import LEAD_ID
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import StoredRun
from serve.reading.serving import Serving
from serve.security import HEADER, same_key
from serve.services import NotReadyError, Services, services_of
from serve.wording.caution import caution_words, decision_words

_header = APIKeyHeader(name=HEADER, auto_error=False)
MAX_LIMIT = 1_000
LARGE_BODY = 200_000
"""Bytes of facts from which on an answer is made beside the others: it would take some 50 ms and more."""
_POSTED = "#/components/schemas/ScoreRequest"


async def require_key(
    services: Annotated[Services, Depends(services_of)], key: Annotated[str | None, Security(_header)]
) -> None:
    """Refuse a request without the right key."""
    if not same_key(key, services.settings.api_key.get_secret_value()):
        raise HTTPException(401, f"expected a valid key in the header {HEADER}", headers={"WWW-Authenticate": "ApiKey"})


ServicesIn = Annotated[Services, Depends(services_of)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
KEYED = [Depends(require_key)]
_NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "No score of this lead"}}
_BAD: dict[int | str, dict[str, Any]] = {413: {"description": "Too large"}, 422: {"model": ProblemsOut}}

router = APIRouter(prefix="/v1")


@router.post(
    "/score",
    dependencies=KEYED,
    responses=_BAD,
    response_model=OnlineScoreOut,
    summary="Score a lead from raw facts",
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": _POSTED}}}}},
)
async def post_score(request: Request, services: ServicesIn) -> Response:
    """Compute probabilities, band, points and reasons of one lead from its facts.

    The features are those of the nightly run, with the run's other leads as context: facts as in the source's tables
    give exactly the nightly score. Nothing is stored.
    """
    body = await request.body()
    # a thread of its own costs more than most answers; many facts must not keep the others waiting
    if len(body) > LARGE_BODY:
        text = await run_in_threadpool(_scored, body, services)
    else:
        together: ScoredTogether = request.app.state.together
        text = await together.answer(*_posted(body, services))
    return Response(text, media_type="application/json")


def _posted(body: bytes, services: Services) -> tuple[Posted, Serving]:
    """Return what was posted, and what to score it with; FastAPI would read the facts twice."""
    try:
        facts = ScoreRequest.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from None
    serving = services.ready()
    return Posted.of(facts, loaded=serving.loaded, max_facts=services.settings.max_facts), serving


def _scored(body: bytes, services: Services) -> str:
    """Return the answer as JSON."""
    posted, serving = _posted(body, services)
    answers = score_posted([posted], loaded=serving.loaded, engine=serving.engine, caution=serving.caution)
    return answers[0].model_dump_json()


@router.get("/leads", dependencies=KEYED, responses=_BAD, summary="Open leads by priority")
def get_leads(
    services: ServicesIn,
    band: Annotated[Group | None, Query(description="Only this group")] = None,
    search: Annotated[str, Query(max_length=500, description="Part of a lead id")] = "",
    fit_grade: Annotated[FitGrade | None, Query(description="Only this fit grade")] = None,
    behaviour_grade: Annotated[BehaviourGrade | None, Query(description="Only this behaviour grade")] = None,
    new: Annotated[bool, Query(description="Only leads that are new since the run before")] = False,
    limit: Limit = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> LeadsOut:
    """List the open leads of the run in force: SAL, MQL, the others; then those that are no longer to be promoted.

    These are `excluded` (by rule), `with_sales` (at a rung that is with sales) and `reached` (the target of the
    cut-offs). Within a group the most probable comes first.
    """
    wanted = LeadsWanted(
        group=band, search=search, fit_grade=fit_grade, behaviour_grade=behaviour_grade, new=new, limit=limit,
        offset=offset,
    )  # fmt: skip
    with services.store.state() as state:
        page, run = state.open_leads(wanted), state.run
    leads = [StoredScoreOut.model_validate(presented(services.words.worded(row))) for row in page.rows]
    return LeadsOut.model_validate(
        _in_force(run)
        | {
            "decision": decision_words(None if run is None else run.about), "total": page.total,
            "matching": page.matching, "counts": dict(page.counts), "leads": leads,
        }
    )  # fmt: skip


@router.get(f"/leads/{LEAD_ID}/score", dependencies=KEYED, responses=_NOT_FOUND, summary="A lead's current score")
def get_score(lead_id: str, services: ServicesIn) -> CurrentScoreOut:
    """Return a lead's score in the run in force, or in the last one before that had the lead.

    The id is percent-encoded; it may hold any character.
    """
    with services.store.state() as state:
        row, run = state.current(lead_id), state.run
    if row is None:
        raise HTTPException(404, f"no score of lead {lead_id!r}")
    caution = _in_force(run)["caution"]
    return CurrentScoreOut.model_validate(presented(services.words.worded(row)) | {"caution": caution})


@router.get(f"/leads/{LEAD_ID}/history", dependencies=KEYED, responses=_NOT_FOUND, summary="A lead's scores")
def get_history(lead_id: str, services: ServicesIn, limit: Limit = 100) -> HistoryOut:
    """Return all scores of a lead, newest run first; scores of undone runs are left out."""
    with services.store.state() as state:
        rows, run = state.history(lead_id, limit=limit), state.run
    if not rows:
        raise HTTPException(404, f"no score of lead {lead_id!r}")
    scores = [StoredScoreOut.model_validate(presented(services.words.worded(row))) for row in rows]
    return HistoryOut.model_validate(_in_force(run) | {"lead_id": lead_id, "scores": scores})


def _in_force(run: StoredRun | None) -> dict[str, Any]:
    """Return which run an answer is from, and the warning about its model."""
    return {
        "run_id": None if run is None else run.run_id,
        "sequence": None if run is None else run.sequence,
        "before": None if run is None else run.about.before,
        "caution": caution_words(None if run is None else run.about.verdict),
    }


@router.get("/health", summary="Whether the server can answer", responses={503: {"model": HealthOut}})
def get_health(response: Response, services: ServicesIn, key: Annotated[str | None, Security(_header)]) -> HealthOut:
    """Say ok, or degraded with status 503; with the key, also what is wrong and which versions are served."""
    model, store, versions = "ok", "ok", {}
    try:
        loaded = services.ready().loaded
        model = services.model.broken(loaded) or "ok"
        versions = {
            "model_version": loaded.model_version,
            "cutoff_version": loaded.cutoffs.version,
            "champion": loaded.champion,
            "newer": services.serving.failure or services.model.newer(),
        }
    except NotReadyError as error:
        model = str(error)
    try:
        run = services.store.latest_run()
    except InputError as error:
        run, store = None, str(error)
    status: Literal["ok", "degraded"] = "ok" if model == store == "ok" else "degraded"
    response.status_code = 200 if status == "ok" else 503
    if not same_key(key, services.settings.api_key.get_secret_value()):
        return HealthOut(status=status)
    return HealthOut(status=status, model=model, store=store, last_run=run, **versions)
