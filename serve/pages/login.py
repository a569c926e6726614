"""Log in with the key, and out."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from serve.pages.frame import ServicesIn, language_of, page_response
from serve.security import COOKIE, local_path, new_session, same_key
from serve.wording.sentences import say

router = APIRouter(include_in_schema=False)


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
    answer.set_cookie(
        COOKIE, new_session(key), max_age=services.settings.session_seconds, httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


@router.post("/logout")
def post_logout(request: Request) -> RedirectResponse:
    """End the session in this browser."""
    answer = RedirectResponse(f"/login?lang={language_of(request)}", status_code=303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer
