"""The server: API and pages over one score store and one run's outputs."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, RedirectResponse

from features.compiled import compilations
from features.errors import InputError
from serve.api import cutoff_routes as cutoff_api
from serve.api import routes as api
from serve.api.contracts import EARLIEST, LATEST, ScoreRequest
from serve.api.example_request import example_request
from serve.api.score_request import score_request
from serve.api.scored_together import ScoredTogether
from serve.pages import login
from serve.pages.cutoffs import routes as cutoff_pages
from serve.pages.frame import LoginNeededError, PageMissingError, missing_page
from serve.pages.leads import routes as pages
from serve.pages.templating import stylesheet
from serve.reading.serving import Serving
from serve.security import BodyLimitMiddleware, HeadersMiddleware, page_headers
from serve.services import NotReadyError, Services
from serve.settings import ServeSettings

logger = logging.getLogger(__name__)


def create_app(settings: ServeSettings) -> FastAPI:
    """Put the server together; nothing is opened before it starts.

    Parameters
    ----------
    settings : ServeSettings
        Where outputs and scores are, and the API key.
    """
    services = Services.of(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(services.serving.start, partial(_warm_up, max_facts=settings.max_facts))
        gc.collect()
        gc.freeze()  # what is loaded stays: to look through all of it for waste would hold answers up
        yield
        gc.unfreeze()
        await run_in_threadpool(services.serving.stop)
        services.store.close()

    app = FastAPI(
        title="leadscore",
        summary="Scores of leads with reasons",
        docs_url=None,  # Swagger's page loads its code from elsewhere
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.services, app.state.together = services, ScoredTogether()
    app.include_router(api.router)
    app.include_router(cutoff_api.router)
    app.include_router(login.router)
    app.include_router(pages.router)
    app.include_router(cutoff_pages.router)
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes)
    app.add_middleware(HeadersMiddleware, headers=page_headers(stylesheet()))
    _answer_errors(app)
    app.add_api_route("/openapi.json", lambda: _openapi(app, services), dependencies=api.KEYED, include_in_schema=False)
    return app


def _warm_up(serving: Serving, *, max_facts: int) -> None:
    """Score examples, so that no request pays for loading and compiling; what had to be compiled is logged.

    Raises
    ------
    InputError
        If the model cannot score them.
    """
    example = example_request(serving.loaded.forecast.spec)
    bare = {name: example[name] for name in ("created_at", "as_of", "stages")}
    start = time.monotonic()
    with compilations() as names:
        for facts in (example, bare):
            request = ScoreRequest.model_validate(facts)
            answer = score_request(request, loaded=serving.loaded, engine=serving.engine, max_facts=max_facts)
            answer.model_dump_json()
    if names:
        logger.warning(
            "compiled %d functions in %.1f s; a later start finds them ready, where a folder can be written to",
            len(set(names)), time.monotonic() - start,
        )  # fmt: skip


def _answer_errors(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        problems = [{"where": _where(e["loc"]), "message": _message(e)} for e in error.errors()]
        return JSONResponse({"detail": problems}, status_code=422)

    @app.exception_handler(InputError)
    async def unusable(request: Request, error: InputError) -> JSONResponse:
        where = ".".join(part for part in (error.table, error.column) if part) or None
        if error.row is not None:
            where = f"{where}[{error.row}]"
        status = 422 if request.method == "POST" else 503
        return JSONResponse({"detail": [{"where": where, "message": str(error)}]}, status_code=status)

    @app.exception_handler(NotReadyError)
    async def not_ready(_: Request, error: NotReadyError) -> JSONResponse:
        return JSONResponse({"detail": [{"where": None, "message": str(error)}]}, status_code=503)

    @app.exception_handler(LoginNeededError)
    async def log_in(_: Request, error: LoginNeededError) -> RedirectResponse:
        return RedirectResponse(error.location, status_code=303)

    app.add_exception_handler(PageMissingError, missing_page)


def _where(location: tuple[int | str, ...]) -> str | None:
    """Return a place in the request: ``events[3].event_type``; lists are counted from 1, as tables' rows are."""
    text = ""
    for part in location[1:]:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or None


def _message(error: dict[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "json_invalid":
        return f"expected JSON: {error.get('ctx', {}).get('error', message)}"
    if error["type"] in ("greater_than_equal", "less_than") and error["loc"][-1] == "occurred_at":
        return f"expected a time between {EARLIEST.year} and {LATEST.year}, found {error['input']}"
    if error["type"] == "missing" and error["loc"][0] == "body":
        return f"{message}. GET /openapi.json, with the key, holds an example of this request in the source's words"
    return message


def _openapi(app: FastAPI, services: Services) -> dict[str, Any]:
    """Return the API's description, with an example in the words of the source that is served."""
    schema = get_openapi(title=app.title, version="1", summary=app.summary, routes=app.routes)
    posted = ScoreRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["components"]["schemas"] |= posted.pop("$defs") | {"ScoreRequest": posted}
    content = schema["paths"]["/v1/score"]["post"]["requestBody"]["content"]["application/json"]
    try:
        spec = services.ready().loaded.forecast.spec
    except NotReadyError:
        return schema
    content["examples"] = {spec.name: {"summary": spec.title.en, "value": example_request(spec)}}
    return schema
