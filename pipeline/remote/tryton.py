"""Tryton through its public JSON-RPC: a login, and methods of its models."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import requests
from pydantic import Field

from features.errors import InputError
from pipeline.remote.paced_session import PacedSession, RemoteOptions

_CLOCK = ("hour", "minute", "second", "microsecond")


class TrytonOptions(RemoteOptions):
    """Where a Tryton is, and who asks it.

    Attributes
    ----------
    url : str
        Of the server: ``https://crm.example.com``.
    database, user : str
    """

    url: str = Field(pattern="^https?://[^/@]+/?$")
    database: str
    user: str


class TrytonRefusalError(InputError):
    """Tryton understood, and will not: a right is missing, or a value is not allowed."""


class Tryton:
    """A Tryton that knows who asks.

    Parameters
    ----------
    session : PacedSession
    options : TrytonOptions
    where : str
        The setting that names it, for messages.
    """

    def __init__(self, session: PacedSession, options: TrytonOptions, where: str) -> None:
        self._session, self._options, self._where = session, options, where
        self._rpc = f"{options.url.rstrip('/')}/{quote(options.database)}/rpc/"
        self._headers: dict[str, str] = {}
        self._context: dict[str, Any] = {}

    def log_in(self, password: str) -> None:
        """Begin a session; what the user prefers (company, language) holds in it.

        Raises
        ------
        InputError
            If user, password or database are not known there.
        """
        user_id, token, *_ = self._asked("common.db.login", [self._options.user, {"password": password}])
        known = f"{self._options.user}:{user_id}:{token}"
        self._headers = {"Authorization": f"Session {base64.b64encode(known.encode()).decode()}"}
        self.refresh()

    def refresh(self) -> None:
        """Ask what the user prefers: company and language hold for all that follows."""
        self._context = self.call("res.user", "get_preferences", True) or {}

    def log_out(self) -> None:
        """End the session."""
        if self._headers:
            self._asked("common.db.logout", [])

    def call(self, model: str, method: str, *arguments: Any, context: Mapping[str, Any] | None = None) -> Any:
        """Call a method of a model; what reads, and what writes or deletes, may be repeated without harm.

        Raises
        ------
        InputError
            If Tryton does not answer.
        TrytonRefusalError
            If it refuses what it was told.
        """
        whole = {**self._context, **(context or {})}
        return self._asked(f"model.{model}.{method}", [*arguments, whole], repeatable=method != "create")

    def _asked(self, method: str, parameters: list[Any], *, repeatable: bool = True) -> Any:
        body = {"id": 1, "method": method, "params": _to_json(parameters)}
        answer = self._session.ask("POST", self._rpc, headers=self._headers, json=body, repeatable=repeatable)
        if answer.status_code != requests.codes.ok:
            raise self._session.refuse(answer, f"answers {method}")
        said = answer.json()
        if isinstance(said, Mapping) and said.get("error"):
            error = said["error"]
            reason = error[1][0] if error[0] == "UserError" and isinstance(error[1], list) else error[0]
            raise TrytonRefusalError(expected=f"that Tryton carries out {method}", found=str(reason), table=self._where)
        return _from_json(said["result"] if isinstance(said, Mapping) and "result" in said else said)


@contextmanager
def logged_in(options: TrytonOptions, password: str, where: str) -> Iterator[Tryton]:
    """Open a session with a Tryton, and end it."""
    with PacedSession(options, where) as session:
        tryton = Tryton(session, options, where)
        tryton.log_in(password)
        yield tryton
        tryton.log_out()


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        at = value.astimezone(UTC) if value.tzinfo is not None else value
        return {"__class__": "datetime", **_day(at), **{name: getattr(at, name) for name in _CLOCK}}
    if isinstance(value, date):
        return {"__class__": "date", **_day(value)}
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, Mapping):
        return {key: _to_json(inner) for key, inner in value.items()}
    return [_to_json(inner) for inner in value] if isinstance(value, list | tuple) else value


def _day(value: date) -> dict[str, int]:
    return {"year": value.year, "month": value.month, "day": value.day}


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_json(inner) for inner in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get("__class__")
    if kind == "datetime":
        day = datetime(value["year"], value["month"], value["day"], tzinfo=UTC)
        return day.replace(**{name: value[name] for name in _CLOCK})
    if kind == "date":
        return date(value["year"], value["month"], value["day"])
    if kind == "Decimal":
        return Decimal(value["decimal"])
    return {key: _from_json(inner) for key, inner in value.items()}
