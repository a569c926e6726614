"""The page on which marketing and sales agree on cut-offs: a plain form, answered by the server."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.errors import InputError
from features.language.dates import iso_date_time
from features.language.languages import Language
from features.language.numbers import number
from models.what_if.question import PromiseNotKeptError, Question
from models.what_if.stored_evidence import Past
from serve.pages.cutoffs.form import FIELDS, Problem, read_form
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
    given = {name: request.query_params.get(name, "") for name in FIELDS}
    question, problems = read_form(given)
    context: dict[str, Any] = {"answer": None, "broken": None}
    if question is not None:
        try:
            context["answer"] = answer_view(services.past.answer(question), question, language, lead_url)
        except PromiseNotKeptError as error:
            context["broken"] = _broken(error, past, given, language)
    about = _about(past)
    context |= {
        "title": say("cutoffs_title", language),
        "caution": _caution(services, language),
        "as_of": iso_date_time(past.about["observed_until"], language),
        "version": past.in_force.version,
        "goal": past.about["stage"],
        "groups": _groups(past, given, problems, question or Question(), language),
        "problems": [_say_problem(problem, past, language) for problem in problems],
        "slider": say("slider", language, field="{field}"),
        "script": cutoffs_script(),
    }
    wrong = bool(problems) or context["broken"] is not None
    page = page_response(request, "cutoffs.html.j2", context, about=about, status=422 if wrong else 200)
    page.headers[POLICY] = content_policy(stylesheet(), cutoffs_script())
    return page


def _about(past: Past) -> dict[str, Any]:
    return {"title": past.about["title"]}


def _caution(services: Services, language: Language) -> str | None:
    """Return the warning about the model; where no scoring run can be read, it was not checked."""
    try:
        return caution(services.about(), language)
    except InputError:
        return caution({}, language)


def _broken(error: PromiseNotKeptError, past: Past, given: dict[str, str], language: Language) -> dict[str, Any]:
    """Return the answer to a promise that cannot be kept, with a form's fields for the one that can."""
    told = broken_promise(error, past.about["stage"], language)
    kept = {name: text for name, text in given.items() if text and name != "promise"}
    return {**told, "fields": [*kept.items(), ("promise", told.get("share", ""))]}


def _groups(
    past: Past, given: dict[str, str], problems: list[Problem], question: Question, language: Language
) -> list[dict[str, Any]]:
    """Return the form's fields: name, words, what is in them, and how far a slider goes."""
    wrong = {problem.field for problem in problems}
    sal, mql = past.model.sal, past.model.mql
    force = past.in_force_forward
    now = {
        "sal": float(sal.per_week([force.sal])[0]), "mql": float(mql.per_week([force.mql])[0]),
        "promise": 0.0, "sure": 100 * Question().confidence, "minutes": Question().minutes_a_lead,
        "hours": Question().hours_a_week, "people": 0.0, "deal": 0.0, "handover": 0.0,
    }  # fmt: skip
    most = {"sal": _most(sal), "mql": _most(mql), "promise": 95.0, "sure": 99.0}
    goal = past.about["stage"]
    person = number(question.person_per_week, language, digits=1)
    keys = {"sal": "sal", "mql": "mql", "promise": "promise", "sure": "confidence", "people": "people",
            "minutes": "minutes", "hours": "hours", "deal": "deal", "handover": "handover"}  # fmt: skip

    def field(name: str) -> dict[str, Any]:
        key = f"ask_{keys[name]}"
        shown = number(now[name], language, digits=1)
        return {
            "name": name,
            "words": say(key, language, goal=goal) if name == "promise" else say(key, language),
            "help": say(f"{key}_help", language, now=shown, person=person)
            if name in ("sal", "mql", "promise", "people")
            else None,
            "value": given[name],
            "placeholder": f"{now[name]:g}" if name in ("sure", "minutes", "hours") else "",
            "wrong": name in wrong,
            "slider": {"max": f"{most[name]:g}", "now": f"{now[name]:.1f}"} if name in most else None,
        }

    return [
        {"title": None, "fields": [field(name) for name in ("sal", "promise", "sure", "mql")]},
        {"title": say("times", language), "fields": [field(name) for name in ("people", "minutes", "hours")]},
        {"title": say("money", language), "fields": [field(name) for name in ("deal", "handover")]},
    ]


def _most(evidence: Any) -> float:
    """Return a round number of leads a week above all that can be promoted."""
    most = float(evidence.per_week([evidence.candidates()[-1]])[0])
    return max(10.0, 10.0 * -(-most // 10))


def _say_problem(problem: Problem, past: Past, language: Language) -> str:
    if not problem.field:
        return say(problem.key, language)
    key = {"sure": "confidence"}.get(problem.field, problem.field)
    field = say(f"ask_{key}", language, goal=past.about["stage"])
    return say(problem.key, language, field=field, found=problem.found)
