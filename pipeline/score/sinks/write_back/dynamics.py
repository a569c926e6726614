"""Dynamics 365 Sales: rows of ``msdyn_predictivescores``, upserted one by one by their alternate key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import requests
from pydantic import Field

from features.errors import InputError
from pipeline.remote.paced_session import PacedSession, RemoteOptions
from pipeline.score.sinks.write_back.records import Record
from pipeline.score.sinks.write_back.sendable import Scalar, Values
from pipeline.score.sinks.write_back.target import Purpose, TargetOptions, password_from_environment
from pipeline.score.sinks.write_back.trend import TRENDS

_FIELDS = {
    "msdyn_score": "score",
    "msdyn_grade": "grade",
    "msdyn_scoretrend": "trend",
    "msdyn_scorereasons": "reasons_json",
    "msdyn_scoredon": "as_of",
}
_ROWS = "msdyn_predictivescores"
_CHOICES: Mapping[str, Sequence[str]] = {"msdyn_grade": ("A", "B", "C", "D"), "msdyn_scoretrend": TRENDS}
"""Columns in which Dynamics numbers what they can say, from 0."""


class DynamicsOptions(TargetOptions, RemoteOptions):
    """Settings of ``kind: dynamics``.

    Attributes
    ----------
    url : str
        Of the environment: ``https://contoso.crm.dynamics.com``.
    api : str
        Version of the Web API.
    entity : {"lead", "opportunity"}
        What the ids of leads name.
    token_url, client_id : str or None
        Where an application gets its token (OAuth 2.0, client credentials), and its id. Its secret stands in the
        environment. Without them, the environment holds a token itself.
    password_variable : str or None
        Variable of secret or token; default ``LEADSCORE_NAME_PASSWORD``.
    chunk : int
        Rows that are read by one request.
    """

    kind: Literal["dynamics"] = "dynamics"
    url: str = Field(pattern="^https?://[^/@]+/?$")
    api: str = Field(default="v9.2", pattern="^v[0-9.]+$")
    entity: Literal["lead", "opportunity"] = "lead"
    token_url: str | None = Field(default=None, pattern="^https?://[^@]+$")
    client_id: str | None = None
    password_variable: str | None = None
    chunk: int = Field(default=50, ge=1, le=200)
    longest: int | None = Field(default=2_000, ge=20)


class Dynamics:
    """The table of predictive scores (`target.Target`).

    Parameters
    ----------
    name : str
        The sink's.
    options : DynamicsOptions
    outputs : Path
        Not used.
    """

    at_once = True

    def __init__(self, name: str, options: DynamicsOptions, outputs: Path) -> None:
        self.options, self.chunk, self._name = options, options.chunk, name
        self.fields: Mapping[str, str] = options.fields or _FIELDS

    def place(self, outputs: Path) -> dict[str, Any]:
        """Return the environment and what its ids name."""
        return {"url": self.options.url.rstrip("/"), "entity": self.options.entity}

    @contextmanager
    def opened(self, run_id: str, purpose: Purpose = "send") -> Iterator[OpenDynamics]:
        """Get a token."""
        where = f"score.sinks.{self._name}"
        secret = password_from_environment(self._name, self.options.password_variable)
        if secret is None:
            raise InputError(
                expected=f"a secret in LEADSCORE_{self._name.upper()}_PASSWORD", found="nothing there", table=where
            )
        with PacedSession(self.options, where) as session:
            yield OpenDynamics(session, self.options, list(self.fields), secret)

    def left_after_undo(self, run_id: str) -> str | None:
        """Return nothing: rows can be taken back."""
        return None


class OpenDynamics:
    """The table with a token at hand (`target.OpenTarget`).

    Parameters
    ----------
    session : PacedSession
    options : DynamicsOptions
    fields : list of str
    secret : str
    """

    def __init__(self, session: PacedSession, options: DynamicsOptions, fields: list[str], secret: str) -> None:
        self._session, self._options, self._fields, self._secret = session, options, fields, secret
        self._rows = f"{options.url.rstrip('/')}/api/data/{options.api}/{_ROWS}"
        self._token = self._new_token()

    def read(self, lead_ids: Sequence[str]) -> Mapping[str, Values]:
        """Return the rows of these leads, grades and trends in words."""
        if not lead_ids:
            return {}
        wanted = " or ".join(f"msdyn_entityid eq {_literal(lead_id)}" for lead_id in lead_ids)
        chosen = f"msdyn_entitytype eq '{self._options.entity}' and ({wanted})"
        url = f"{self._rows}?$select=msdyn_entityid,{','.join(self._fields)}&$filter={quote(chosen)}"
        found = {}
        while url:
            answer = self._asked("GET", url)
            if answer.status_code != requests.codes.ok:
                raise self._session.refuse(answer, "lists predictive scores")
            page = answer.json()
            for row in page["value"]:
                found[str(row["msdyn_entityid"])] = {name: _in_words(name, row.get(name)) for name in self._fields}
            url = page.get("@odata.nextLink", "")
        return found

    def write(self, records: Sequence[Record]) -> Mapping[str, str]:
        """Upsert rows, or delete those that were not there before; each request may be repeated."""
        refused = {}
        for record in records:
            key = f"msdyn_entityid={_literal(record.lead_id)},msdyn_entitytype='{self._options.entity}'"
            url = f"{self._rows}({quote(key, safe='=,')})"
            if record.values is None:
                answer = self._asked("DELETE", url)
                done = answer.status_code in (204, 404)
            else:
                row = {name: _numbered(name, value) for name, value in record.values.items()}
                answer = self._asked("PATCH", url, row)
                done = answer.status_code in (200, 201, 204)
            if not done and answer.status_code not in (400, 404, 412):
                raise self._session.refuse(answer, "takes predictive scores")
            if not done:
                refused[record.lead_id] = _message(answer)
        return refused

    def _asked(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        """Send a request; where the token is over, once more with a new one."""
        answer = self._session.ask(method, url, headers=self._headers(), json=body)
        if answer.status_code == requests.codes.unauthorized and self._options.token_url is not None:
            self._token = self._new_token()
            answer = self._session.ask(method, url, headers=self._headers(), json=body)
        return answer

    def _headers(self) -> dict[str, str]:
        versions = {"OData-MaxVersion": "4.0", "OData-Version": "4.0", "Accept": "application/json"}
        return {"Authorization": f"Bearer {self._token}", **versions}

    def _new_token(self) -> str:
        options = self._options
        if options.token_url is None:
            return self._secret
        form = {
            "grant_type": "client_credentials", "client_id": options.client_id or "", "client_secret": self._secret,
            "scope": f"{options.url.rstrip('/')}/.default",
        }  # fmt: skip
        answer = self._session.ask("POST", options.token_url, headers={}, form=form)
        if answer.status_code != requests.codes.ok:
            raise self._session.refuse(answer, "gives this application a token")
        return str(answer.json()["access_token"])


def _literal(text: str) -> str:
    """Return a text as OData has it."""
    return "'" + text.replace("'", "''") + "'"


def _numbered(name: str, value: Scalar) -> Scalar:
    choices = _CHOICES.get(name, ())
    return choices.index(value) if isinstance(value, str) and value in choices else value


def _in_words(name: str, value: Scalar) -> Scalar:
    choices = _CHOICES.get(name)
    return choices[value] if choices and isinstance(value, int) and 0 <= value < len(choices) else value


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
