"""Who may ask, and what a browser may do with the answer: key, session cookie, body limit, headers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from itsdangerous import BadSignature, TimestampSigner
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "leadscore_session"
SESSION = b"session"
"""What the cookie signs: that there is one; it holds nothing else."""
HEADER = "X-API-Key"
POLICY = "Content-Security-Policy"


def same_key(given: str | None, expected: str) -> bool:
    """Whether two keys are equal, in a time that tells nothing about where they differ."""
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())


def new_session(key: str) -> str:
    """Return a cookie value that proves knowledge of the key and says when it was made, without containing the key."""
    return _signer(key).sign(SESSION).decode()


def is_session(cookie: str | None, key: str, *, seconds: int) -> bool:
    """Whether a cookie value was made with this key, at most so many seconds ago."""
    try:
        return _signer(key).unsign(cookie or "", max_age=seconds) == SESSION
    except BadSignature:
        return False


def _signer(key: str) -> TimestampSigner:
    return TimestampSigner(key, salt="leadscore session", key_derivation="hmac", digest_method=hashlib.sha256)


def local_path(target: str | None, *, default: str) -> str:
    """Return where to go after logging in, if that is a page of ours; anything else becomes ``default``.

    Examples
    --------
    >>> local_path("/leads/7?lang=de", default="/leads")
    '/leads/7?lang=de'
    >>> local_path("//evil.example", default="/leads"), local_path("https://evil.example", default="/leads")
    ('/leads', '/leads')
    """
    if target is None or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    parts = urlsplit(target)
    has_control = any(ord(character) < 32 for character in target)
    return default if parts.scheme or parts.netloc or has_control else target


def content_policy(css: str, script: str | None = None) -> str:
    """Return what a page may do: show our own style sheet, and run one script of ours that asks this server."""
    runs = f" script-src '{_digest(script)}'; connect-src 'self';" if script is not None else ""
    return (
        f"default-src 'none'; style-src '{_digest(css)}';{runs} img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page_headers(css: str) -> dict[str, str]:
    """Return the headers of every answer: nothing is loaded, framed, kept or guessed but our own style sheet."""
    return {
        POLICY: content_policy(css),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


class HeadersMiddleware:
    """Adds headers to every answer."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app, self._headers = app, dict(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    # A page that may do more, such as run its own script, brings its own policy.
                    if not (name == POLICY and name in headers):
                        headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class BodyLimitMiddleware:
    """Refuses a request body that is too large, before anything reads it."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit and hand it on, or answer 413."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        body, complete = bytearray(), False
        while not complete:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            complete = not message.get("more_body", False)
            if len(body) > self._max_bytes:
                await _too_large(send, self._max_bytes)
                return
        given = False

        async def receive_again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, receive_again, send)


async def _too_large(send: Send, max_bytes: int) -> None:
    body = json.dumps({"detail": f"expected a request of at most {max_bytes:,} bytes, found more"}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
