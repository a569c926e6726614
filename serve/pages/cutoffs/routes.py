"""The page on which marketing and sales agree on cut-offs: a plain form, answered by the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.errors import InputError
from features.language.dates import iso_date_time
from features.language.languages import Language
from models.bands import PerBand
from models.cutoffs.evidence import BandEvidence
from models.what_if.agreement import PromiseNotKeptError
from models.what_if.question import KNOBS, Question
from models.what_if.stored_evidence import Past
from serve.pages.cutoffs.form import FIELDS, Form, Volume, read_form
from serve.pages.cutoffs.view import answer_view, broken_promise
from serve.pages.frame import LOGGED_IN, PageMissingError, ServicesIn, language_of, lead_url, page_response
from serve.pages.templating import cutoffs_script, stylesheet
from serve.security import POLICY, content_policy
from serve.services import Services
from serve.wording.caution import caution
from serve.wording.sentences import say

router = APIRouter(include_in_schema=False)


@router.get("/cutoffs", dependencies=LOGGED_IN)
def get_cutoffs(request: Request, services: ServicesIn) -> HTMLResponse:
    """Show the form and what follows from it; with nothing asked, the cut-offs in force."""
    language = language_of(request)
    try:
        past = services.past.current()
    except InputError as error:
        raise PageMissingError(say("cutoffs_no_run", language), str(error), status=503) from None
    goal, elsewhere = past.about.stage, services.model.other_in_force(past.in_force.version)
    given = {name: request.query_params.get(name, "") for name in FIELDS}
    question, problems = read_form(given)
    answer = broken = None
    if question is not None:
        try:
            answer = answer_view(services.what_if(question), language, lead_url)
        except PromiseNotKeptError as error:
            broken = _broken(error, goal, given, language)
    untimed = _lacks_all_times(services)
    form = Form(given, frozenset(p.field for p in problems), question or Question(), _volumes(past), goal)
    context: dict[str, Any] = {
        "answer": answer,
        "broken": broken,
        "title": say("cutoffs_title", language),
        "caution": _caution(services, language),
        "as_of": say("as_of_last_row", language) if untimed else iso_date_time(past.about.observed_until, language),
        "untimed": untimed,
        "version": past.in_force.version,
        "elsewhere": None if elsewhere is None else elsewhere.of(language),
        "goal": goal,
        "groups": form.groups(language),
        "problems": [problem.words(goal, language) for problem in problems],
        "slider": say("slider", language, field="{field}"),
        "script": cutoffs_script(),
    }
    wrong = bool(problems) or context["broken"] is not None
    page = page_response(
        request, "cutoffs.html.j2", context, source_title=past.about.title.of(language), status=422 if wrong else 200
    )
    page.headers[POLICY] = content_policy(stylesheet(), cutoffs_script())
    return page


def _lacks_all_times(services: Services) -> bool:
    """Whether the order of the rows stands for the time; where no scoring run can be read, it is taken to be one."""
    try:
        about = services.about()
    except InputError:
        return False
    return about is not None and about.unknown_times == "all"


def _caution(services: Services, language: Language) -> str | None:
    """Return the warning about the model; where no scoring run can be read, it was not checked."""
    try:
        return caution(services.about(), language)
    except InputError:
        return caution(None, language)


def _broken(error: PromiseNotKeptError, goal: str, given: Mapping[str, str], language: Language) -> dict[str, Any]:
    """Return the answer to a promise that cannot be kept, with a form's fields for the one that can."""
    offered = "" if error.best is None else f"{100 * error.best.share:g}"
    fields = {**given, KNOBS["promise"].form: offered}
    return {
        **broken_promise(error, goal, language),
        "fields": [(name, text) for name, text in fields.items() if text],
    }


def _volumes(past: Past) -> PerBand[Volume]:
    force = past.in_force_forward
    return PerBand(_volume(past.model.mql, force.mql), _volume(past.model.sal, force.sal))


def _volume(evidence: BandEvidence, in_force: float) -> Volume:
    """Return leads a week by the cut-off in force, and a round number above all that can be promoted."""
    now, most = evidence.per_week([in_force, evidence.candidates()[-1]])
    return Volume(now=float(now), most=max(10.0, 10.0 * -(-float(most) // 10)))
