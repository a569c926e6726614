"""Requests at a rate that the other side allows, repeated where it asks for that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import Field
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError
from urllib3.util.retry import Retry

from features.errors import InputError
from features.strict import Strict

_AGAIN = (429, 500, 502, 503, 504)
"""Answers after which the same request may succeed; a ``Retry-After`` says when."""
_LONGEST_PAUSE_S = 60.0


class RemoteOptions(Strict):
    """How a program is asked.

    Attributes
    ----------
    rate : float
        Most requests a second.
    retries : int
        How often a request is repeated.
    timeout_s : float
        How long an answer is waited for.
    """

    rate: float = Field(default=10.0, gt=0, le=1_000)
    retries: int = Field(default=5, ge=0, le=20)
    timeout_s: float = Field(default=30.0, gt=0, le=600)


class PacedSession:
    """Requests to one program.

    Parameters
    ----------
    options : RemoteOptions
    where : str
        The setting that names the program, for messages.
    """

    def __init__(self, options: RemoteOptions, where: str) -> None:
        self._options, self._where = options, where
        self._next = 0.0
        retry = Retry(
            total=options.retries, status_forcelist=_AGAIN, allowed_methods=None, backoff_factor=0.5,
            backoff_max=_LONGEST_PAUSE_S, respect_retry_after_header=True, raise_on_status=False,
        )  # fmt: skip
        self._repeating = _session(retry)
        self._once = _session(Retry(total=options.retries, read=0, status=0, other=0, backoff_factor=0.5))

    def __enter__(self) -> PacedSession:
        return self

    def __exit__(self, *_: object) -> None:
        self._repeating.close()
        self._once.close()

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        repeatable: bool = True,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        """Send one request and return its answer, whatever its status.

        Parameters
        ----------
        method, url : str
        headers : mapping
        repeatable : bool
            Whether the same request twice does no more than once. Else it is repeated only where it cannot have
            arrived.
        json : object, optional
            Its body.
        form : mapping, optional
            Its body in place of JSON.
        body : bytes, optional
            The same, byte for byte as it is sent.

        Raises
        ------
        InputError
            If nothing answers, also after all repetitions. It quotes neither body nor headers.
        """
        self._wait()
        session = self._repeating if repeatable else self._once
        try:
            return session.request(
                method, url, headers=dict(headers), json=json, data=form if body is None else body,
                timeout=self._options.timeout_s, allow_redirects=False,
            )  # fmt: skip
        except requests.RequestException as error:
            raise InputError(
                expected=f"an answer of {urlsplit(url).netloc}", found=_said_by(error), table=self._where,
                hint="Run the same command again when it answers; nothing is sent twice",
            ) from None  # fmt: skip

    def refuse(self, answer: requests.Response, what: str) -> InputError:
        """Return the message for an answer that is none."""
        return InputError(
            expected=f"that {urlsplit(answer.url).netloc} {what}", found=f"status {answer.status_code} {answer.reason}",
            table=self._where, hint="Check address, user and rights" if answer.status_code in (401, 403) else None,
        )  # fmt: skip

    def _wait(self) -> None:
        now = time.monotonic()
        pause = self._next - now
        self._next = max(now, self._next) + 1 / self._options.rate
        if pause > 0:
            time.sleep(pause)


def _session(retry: Retry) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a .netrc must not send somebody's password along
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _said_by(error: requests.RequestException) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None  # of the last repetition
    if isinstance(error, requests.Timeout) or isinstance(reason, ReadTimeoutError):
        return "none in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__
