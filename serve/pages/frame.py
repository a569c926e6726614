"""What every page has: language, log-in, the frame around it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from features.language.languages import LANGUAGES, Language, preferred_language
from serve.pages.templating import environment, stylesheet
from serve.security import COOKIE, HEADER, is_session, same_key
from serve.services import Services, services_of
from serve.wording.sentences import say


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
    return preferred_language(request.headers.get("accept-language"), chosen=request.query_params.get("lang"))


def require_login(request: Request, services: Annotated[Services, Depends(services_of)]) -> None:
    """Send who has neither session nor key to the login page, and back afterwards."""
    key = services.settings.api_key.get_secret_value()
    if is_session(request.cookies.get(COOKIE), key, seconds=services.settings.session_seconds) or same_key(
        request.headers.get(HEADER), key
    ):
        return
    here = _path(request) + (f"?{request.url.query}" if request.url.query else "")
    raise LoginNeededError(f"/login?{urlencode({'next': here, 'lang': language_of(request)})}")


ServicesIn = Annotated[Services, Depends(services_of)]


LOGGED_IN = [Depends(require_login)]


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


def _path(request: Request) -> str:
    """Return the path as it was sent: decoded and encoded again, an id with a slash might become another page."""
    raw: bytes | None = request.scope.get("raw_path")
    return raw.decode("ascii").partition("?")[0] if raw is not None else quote(request.url.path)


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
    source_title: str = "", logged_in: bool = True, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    """Render a page with what stands on every one: language, style, header."""
    language = language_of(request)
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    path = _path(request)
    common = {
        "lang": language,
        "css": stylesheet(),
        "say": lambda key: say(key, language),
        "home": f"/leads?lang={language}",
        "languages": [(code, f"{path}?{urlencode([*parameters, ('lang', code)])}") for code in LANGUAGES],
        "source_title": source_title,
        "logged_in": logged_in,
        "here": "cutoffs" if request.url.path == "/cutoffs" else "leads" if request.url.path == "/leads" else "",
    }
    html = environment().get_template(template).render(common | context)
    return HTMLResponse(
        html, status_code=status, headers={"Content-Language": language, "Vary": "Accept-Language, Cookie"}
    )
