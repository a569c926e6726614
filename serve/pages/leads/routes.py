"""Pages for people: open leads by priority, why a lead has its score, and logging in. They need no JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qs, quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from features.errors import InputError
from models.forecast.grades import BEHAVIOUR_GRADES, FIT_GRADES
from serve.lead_id_in_path import LEAD_ID
from serve.pages.leads import view as views
from serve.pages.leads.diagrams import About
from serve.pages.templating import environment, stylesheet
from serve.reading.score_store import GROUPS, LeadPage, Row
from serve.security import COOKIE, HEADER, is_session, local_path, new_session, same_key
from serve.services import Services, services_of
from serve.wording.formats import LANGUAGES, Language, number, preferred_language
from serve.wording.sentences import say

router = APIRouter(include_in_schema=False)


class LoginNeededError(Exception):
    """Somebody asked for a page without having logged in."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class PageMissingError(Exception):
    """There is no such page, or nothing to show on it yet."""

    def __init__(self, title: str, text: str | None = None, *, status: int = 404) -> None:
        super().__init__(title)
        self.title, self.text, self.status = title, text, status


def language_of(request: Request) -> Language:
    """Return the language asked for in the address, else by the browser."""
    asked = request.query_params.get("lang")
    return (
        "de" if asked == "de" else "en" if asked == "en" else preferred_language(request.headers.get("accept-language"))
    )


def require_login(request: Request, services: Annotated[Services, Depends(services_of)]) -> None:
    """Send who has neither session nor key to the login page, and back afterwards."""
    key = services.settings.api_key.get_secret_value()
    if is_session(request.cookies.get(COOKIE), key) or same_key(request.headers.get(HEADER), key):
        return
    here = _path(request) + (f"?{request.url.query}" if request.url.query else "")
    raise LoginNeededError(f"/login?{urlencode({'next': here, 'lang': language_of(request)})}")


ServicesIn = Annotated[Services, Depends(services_of)]
LOGGED_IN = [Depends(require_login)]


@router.get("/")
def get_root() -> RedirectResponse:
    """Go to the list."""
    return RedirectResponse("/leads", status_code=303)


@router.get("/login")
def get_login(request: Request, next: str = "/leads") -> HTMLResponse:  # noqa: A002
    """Ask for the key."""
    language = language_of(request)
    context = {"title": say("log_in", language), "wrong": False, "next": local_path(next, default="/leads")}
    return page_response(request, "login.html.j2", context, logged_in=False)


@router.post("/login")
async def post_login(request: Request, services: ServicesIn) -> Response:
    """Check the key and start a session."""
    form = parse_qs((await request.body()).decode("utf-8", errors="replace"))
    target = local_path(form.get("next", ["/leads"])[0], default="/leads")
    key = services.settings.api_key.get_secret_value()
    if not same_key(form.get("key", [""])[0].strip(), key):
        context = {"title": say("log_in", language_of(request)), "wrong": True, "next": target}
        return page_response(request, "login.html.j2", context, logged_in=False, status=403)
    answer = RedirectResponse(target, status_code=303)
    seconds = services.settings.session_hours * 3600
    answer.set_cookie(
        COOKIE, new_session(key, seconds=seconds), max_age=seconds, httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


@router.post("/logout")
def post_logout(request: Request) -> RedirectResponse:
    """End the session in this browser."""
    answer = RedirectResponse(f"/login?lang={language_of(request)}", status_code=303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


@router.get("/leads", dependencies=LOGGED_IN)
def get_leads(
    request: Request,
    services: ServicesIn,
    band: str = "",
    search: Annotated[str, Query(max_length=500)] = "",
    fit: str = "",
    behaviour: str = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    """List open leads by priority."""
    language, rows_a_page = language_of(request), services.settings.page_rows
    about = _last_run(services, language)["about"]
    chosen = band if band in GROUPS else None
    fit_grade = fit if fit in FIT_GRADES else None
    behaviour_grade = behaviour if behaviour in BEHAVIOUR_GRADES else None
    found = services.store.open_leads(
        probability=f"p_{about['cutoffs']['target']}",
        sales_stages=views.sales_stages(about),
        group=chosen,
        search=search.strip(),
        fit_grade=fit_grade,
        behaviour_grade=behaviour_grade,
        limit=rows_a_page,
        offset=(page - 1) * rows_a_page,
    )
    here = {"lang": language, "band": chosen, "search": search.strip() or None,
            "fit": fit_grade, "behaviour": behaviour_grade}  # fmt: skip
    context = {
        **views.list_page(found, about, language, search=search.strip(), grades=(fit_grade, behaviour_grade)),
        "running": services.store.is_running(),
        "tabs": _tabs(found.counts, chosen, here, about, language),
        "leads": [views.list_row(r, about, language) | {"url": lead_url(r["lead_id"], language)} for r in found.rows],
        "band": chosen,
        "search": search.strip(),
        **_pager(found, here, page=page, rows_a_page=rows_a_page, language=language),
    }
    return page_response(request, "leads.html.j2", context, about=about)


@router.get("/lead", dependencies=LOGGED_IN)
def get_lead_by_id(request: Request, services: ServicesIn, id: str) -> HTMLResponse:  # noqa: A002
    """Show a lead whose id browsers would change inside a path (``.`` and ``..``)."""
    return get_lead(request, id, services)


@router.get(f"/leads/{LEAD_ID}", dependencies=LOGGED_IN)
def get_lead(request: Request, lead_id: str, services: ServicesIn) -> HTMLResponse:
    """Show why a lead has its score."""
    language = language_of(request)
    run = _last_run(services, language)
    history = services.store.history(lead_id)
    if not history:
        raise PageMissingError(say("not_found", language), say("not_found_help", language))
    about = (services.store.run(history[0]["run_id"]) or run)["about"]
    return page_response(request, "lead.html.j2", views.lead_page(history, about, language), about=about)


def lead_url(lead_id: str, language: Language) -> str:
    """Return the address of a lead's page, whatever characters its id has.

    Examples
    --------
    >>> lead_url("a/b?c#d", "de"), lead_url("..", "en")
    ('/leads/a%2Fb%3Fc%23d?lang=de', '/lead?id=..&lang=en')
    """
    if set(lead_id) <= {"."}:
        return f"/lead?{urlencode({'id': lead_id, 'lang': language})}"
    return f"/leads/{quote(lead_id, safe='')}?lang={language}"


def _last_run(services: Services, language: Language) -> Row:
    try:
        run = services.store.latest_run()
    except InputError:
        run = None
    if run is None:
        raise PageMissingError(say("no_store", language), status=503)
    return run


def _pager(
    found: LeadPage, here: dict[str, str | None], *, page: int, rows_a_page: int, language: Language
) -> dict[str, str | None]:
    """Return what stands below the list: which leads these are, and where the others are."""
    pages = max(1, -(-found.matching // rows_a_page))
    first = (page - 1) * rows_a_page + 1
    shown = {"first": first, "last": first + len(found.rows) - 1, "matching": found.matching}
    return {
        "shown": say("of_leads", language, **{name: number(value, language) for name, value in shown.items()}),
        "page_words": say("page", language, page=number(page, language), pages=number(pages, language)),
        "previous": _leads_url(here, page=min(page - 1, pages)) if page > 1 else None,
        "following": _leads_url(here, page=page + 1) if page < pages else None,
    }


def _path(request: Request) -> str:
    """Return the path as it was sent: decoded and encoded again, an id with a slash might become another page."""
    raw: bytes | None = request.scope.get("raw_path")
    return raw.decode("ascii").partition("?")[0] if raw is not None else quote(request.url.path)


def _tabs(
    counts: Mapping[str, int], chosen: str | None, here: dict[str, str | None], about: About, language: Language
) -> list[dict[str, Any]]:
    tabs = []
    for band in (None, *GROUPS):
        own = {name: value for name, value in counts.items() if band in (None, name)}
        name = say("all", language) if band is None else views.badge(band, about, language)["band"]
        url = _leads_url({**here, "band": band})
        tabs.append({"name": name, "leads": number(sum(own.values()), language), "url": url, "current": band == chosen})
    return tabs


def _leads_url(parts: dict[str, str | None], *, page: int = 1) -> str:
    query = {name: value for name, value in parts.items() if value is not None}
    return f"/leads?{urlencode(query | ({'page': str(page)} if page > 1 else {}))}"


def missing_page(request: Request, error: Exception) -> HTMLResponse:
    """Show a page that says what is missing."""
    missing = (
        error if isinstance(error, PageMissingError) else PageMissingError(say("wrong_page", language_of(request)))
    )
    return page_response(
        request, "message.html.j2", {"title": missing.title, "text": missing.text}, status=missing.status
    )


def page_response(
    request: Request, template: str, context: dict[str, Any], *,
    about: About | None = None, logged_in: bool = True, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    """Render a page with what stands on every one: language, style, header."""
    language = language_of(request)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    path = _path(request)
    common = {
        "lang": language,
        "css": stylesheet(),
        "say": lambda key: say(key, language),
        "home": f"/leads?lang={language}",
        "languages": [(code, f"{path}?{urlencode([*kept, ('lang', code)])}") for code in LANGUAGES],
        "source_title": about["title"][language] if about is not None else "",
        "logged_in": logged_in,
        "here": "cutoffs" if request.url.path == "/cutoffs" else "leads" if request.url.path == "/leads" else "",
    }
    html = environment().get_template(template).render(common | context)
    return HTMLResponse(
        html, status_code=status, headers={"Content-Language": language, "Vary": "Accept-Language, Cookie"}
    )
