"""Pages for people: open leads by priority, why a lead has its score, and logging in. They need no JavaScript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from features.errors import InputError
from features.language.languages import Language
from features.language.numbers import number
from models.forecast.grades import BEHAVIOUR_GRADES, FIT_GRADES
from models.scoring.groups import GROUPS
from models.scoring.run_about import RunAbout
from serve.lead_id_in_path import LEAD_ID
from serve.pages.frame import LOGGED_IN, PageMissingError, ServicesIn, language_of, lead_url, page_response
from serve.pages.leads import view as views
from serve.reading.open_leads import LeadPage, LeadsWanted
from serve.reading.score_store import StoredRun, StoreState
from serve.services import Services
from serve.wording.sentences import say

router = APIRouter(include_in_schema=False)


@router.get("/")
def get_root() -> RedirectResponse:
    """Go to the list."""
    return RedirectResponse("/leads", status_code=303)


@router.get("/leads", dependencies=LOGGED_IN)
def get_leads(
    request: Request,
    services: ServicesIn,
    band: str = "",
    search: Annotated[str, Query(max_length=500)] = "",
    fit: str = "",
    behaviour: str = "",
    new: str = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    """List open leads by priority."""
    language, rows_a_page = language_of(request), services.settings.page_rows
    chosen = band if band in GROUPS else None
    fit_grade = fit if fit in FIT_GRADES else None
    behaviour_grade = behaviour if behaviour in BEHAVIOUR_GRADES else None
    is_new = new == "true"
    wanted = LeadsWanted(
        group=chosen,
        search=search.strip(),
        fit_grade=fit_grade,
        behaviour_grade=behaviour_grade,
        new=is_new,
        limit=rows_a_page,
        offset=(page - 1) * rows_a_page,
    )
    with _state_of(services, language) as (state, run):
        about, listing, running = run.about, state.open_leads(wanted), state.is_running()
    here = {"lang": language, "band": chosen, "search": search.strip() or None,
            "fit": fit_grade, "behaviour": behaviour_grade, "new": "true" if is_new else None}  # fmt: skip
    context = {
        **views.list_page(
            listing, about, language, search=search.strip(), grades=(fit_grade, behaviour_grade), new=is_new
        ),
        "running": running,
        "tabs": _tabs(listing.counts, chosen, here, about, language),
        "leads": [
            views.list_row(services.words.worded(row), about, language) | {"url": lead_url(row["lead_id"], language)}
            for row in listing.rows
        ],
        "band": chosen,
        "new": is_new,
        "search": search.strip(),
        **_pager(listing, here, page=page, rows_a_page=rows_a_page, language=language),
    }
    return page_response(request, "leads.html.j2", context, source_title=about.title.of(language))


@router.get("/lead", dependencies=LOGGED_IN)
def get_lead_by_id(request: Request, services: ServicesIn, id: str) -> HTMLResponse:  # noqa: A002
    """Show a lead whose id browsers would change inside a path (``.`` and ``..``)."""
    return get_lead(request, id, services)


@router.get(f"/leads/{LEAD_ID}", dependencies=LOGGED_IN)
def get_lead(request: Request, lead_id: str, services: ServicesIn) -> HTMLResponse:
    """Show why a lead has its score."""
    language = language_of(request)
    with _state_of(services, language) as (state, run):
        history = state.history(lead_id)
        if not history:
            raise PageMissingError(say("not_found", language), say("not_found_help", language))
        about = (state.run_of(history[0]) or run).about
    shown = [services.words.worded(history[0]), *history[1:]]
    return page_response(
        request, "lead.html.j2", views.lead_page(shown, about, language), source_title=about.title.of(language)
    )


@contextmanager
def _state_of(services: Services, language: Language) -> Iterator[tuple[StoreState, StoredRun]]:
    """Give one state of the store, and the run in force in it."""
    try:
        with services.store.state() as state:
            if state.run is None:
                raise PageMissingError(say("no_store", language), status=503)
            yield state, state.run
    except InputError as error:
        raise PageMissingError(say("no_store", language), str(error), status=503) from None


def _pager(
    listing: LeadPage, here: dict[str, str | None], *, page: int, rows_a_page: int, language: Language
) -> dict[str, str | None]:
    """Return what stands below the list: which leads these are, and where the others are."""
    pages = max(1, -(-listing.matching // rows_a_page))
    first = (page - 1) * rows_a_page + 1
    shown = {"first": first, "last": first + len(listing.rows) - 1, "matching": listing.matching}
    return {
        "shown": say("of_leads", language, **{name: number(value, language) for name, value in shown.items()}),
        "page_words": say("page", language, page=number(page, language), pages=number(pages, language)),
        "previous": _leads_url(here, page=min(page - 1, pages)) if page > 1 else None,
        "following": _leads_url(here, page=page + 1) if page < pages else None,
    }


def _tabs(
    counts: Mapping[str, int], chosen: str | None, here: dict[str, str | None], about: RunAbout, language: Language
) -> list[dict[str, Any]]:
    tabs = []
    for band in (None, *GROUPS):
        band_counts = {name: value for name, value in counts.items() if band in (None, name)}
        name = say("all", language) if band is None else views.badge(band, about, language)["band"]
        url = _leads_url({**here, "band": band})
        tabs.append(
            {"name": name, "leads": number(sum(band_counts.values()), language), "url": url, "current": band == chosen}
        )
    return tabs


def _leads_url(parts: dict[str, str | None], *, page: int = 1) -> str:
    query = {name: value for name, value in parts.items() if value is not None}
    return f"/leads?{urlencode(query | ({'page': str(page)} if page > 1 else {}))}"
