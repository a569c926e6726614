"""A signed webhook: each message a JSON body by POST, signed as Standard Webhooks asks for."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from features.errors import InputError
from pipeline.remote.paced_session import PacedSession, RemoteOptions
from pipeline.score.sinks.news.news import Message
from pipeline.telling.channel import ChannelOptions, secret_of
from pipeline.telling.said import Said
from pipeline.telling.signature import key_of, signed_headers

_LOCAL = ("localhost", "127.0.0.1", "::1")
_OF_THE_MESSAGE = (400, 409, 413, 415, 422)
"""Answers that refuse one message; others that are no success mean that nothing is taken now."""


class WebhookOptions(ChannelOptions, RemoteOptions):
    """Settings of ``kind: webhook``.

    Attributes
    ----------
    url : str or None
    url_variable : str or None
        The environment variable that holds the address, where the address itself is a secret.
    secret_variable : str or None
        The environment variable with the secret; default ``LEADSCORE_NAME_SECRET``.
    plain_http : bool
        Whether another machine may be told without encryption.
    """

    kind: Literal["webhook"] = "webhook"
    url: str | None = None
    url_variable: str | None = None
    secret_variable: str | None = None
    plain_http: bool = False
    retries: int = Field(default=3, ge=0, le=20)
    timeout_s: float = Field(default=10.0, gt=0, le=600)

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url is None) == (self.url_variable is None):
            raise ValueError("give one of url and url_variable")
        if self.url is not None:
            problem = _problem(self.url, self.plain_http)
            if problem is not None:
                raise ValueError(problem)
        return self


class Webhook:
    """An address that is told by POST (`channel.Channel`).

    Parameters
    ----------
    name : str
    options : WebhookOptions
    outputs : Path
        Not used.
    """

    together = False

    def __init__(self, name: str, options: WebhookOptions, outputs: Path) -> None:
        self.options, self._name, self._where = options, name, f"telling.{name}"

    @contextmanager
    def opened(self) -> Iterator[OpenWebhook]:
        """Read address and secret, and open a session."""
        options = self.options
        variable = options.secret_variable or f"LEADSCORE_{self._name.upper()}_SECRET"
        key = key_of(secret_of(variable, where=self._where), where=f"{self._where}: {variable}")
        url = options.url
        if url is None:
            url = secret_of(str(options.url_variable), where=self._where)
            problem = _problem(url, options.plain_http)
            if problem is not None:
                raise InputError(expected="an address", found=problem, table=f"{self._where}: {options.url_variable}")
        with _unnamed_addresses(), PacedSession(options, self._where) as session:
            yield OpenWebhook(session, url, key)

    def forget(self, lead_ids: Sequence[str]) -> int:
        """Return 0: nothing of it is kept here."""
        return 0


class OpenWebhook:
    """An address with a key (`channel.OpenChannel`)."""

    def __init__(self, session: PacedSession, url: str, key: bytes) -> None:
        self._session, self._url, self._key = session, url, key

    def tell(self, message: Message, said: Said) -> str | None:
        """Post a message; whoever gets it twice knows it by ``webhook-id``."""
        body = json.dumps(said.payload, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "leadscore"}
        headers |= signed_headers(self._key, message.message_id, int(time.time()), body)
        answer = self._session.ask("POST", self._url, headers=headers, body=body)
        if 200 <= answer.status_code < 300:
            return None
        if answer.status_code in _OF_THE_MESSAGE:
            return f"status {answer.status_code} {answer.reason}"
        raise self._session.refuse(answer, "takes the message")


def _names_no_path(record: logging.LogRecord) -> bool:
    return record.levelno > logging.WARNING


@contextmanager
def _unnamed_addresses() -> Iterator[None]:
    """Keep the log of retries from naming a path, which may be a secret; what fails in the end is said without it."""
    logger = logging.getLogger("urllib3.connectionpool")
    logger.addFilter(_names_no_path)
    try:
        yield
    finally:
        logger.removeFilter(_names_no_path)


def _problem(url: str, plain_http: bool) -> str | None:
    """Return what is wrong with an address, without quoting it; None: nothing."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "one that cannot be read"
    if parts.scheme not in ("http", "https") or not host:
        return "one that is not https://HOST/…"
    if parts.username is not None or parts.password is not None:
        return "one with a user or password in it; the signature says who sends"
    if parts.scheme == "http" and host not in _LOCAL and not plain_http:
        return "http:// to another machine; use https://, or allow it with plain_http: true"
    return None
