"""What the server is told at start, from the environment: where outputs and scores are, who may ask, from where."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from features.errors import InputError
from features.strict import Strict

MIN_KEY_CHARACTERS = 16
ENVIRONMENT = {
    "out": "LEADSCORE_OUT",
    "store": "LEADSCORE_STORE",
    "api_key": "LEADSCORE_API_KEY",
    "host": "LEADSCORE_HOST",
    "port": "LEADSCORE_PORT",
    "allow_remote": "LEADSCORE_ALLOW_REMOTE",
}


class ServeSettings(Strict):
    """Settings of one server.

    Parameters
    ----------
    out : Path
        The run's output folder: ``train/model``, ``cutoffs``, ``ingest`` are read from it.
    api_key : SecretStr
        At least 16 characters.
    store : str, optional
        SQLAlchemy URL of the score store; None is ``scores.sqlite`` in ``out``.
    host : str
        Address to listen on. One that others can reach is refused unless ``allow_remote`` is set.
    max_body_bytes, max_facts : int
        Largest request, in bytes and in events, changes and stages together.
    """

    out: Path
    api_key: SecretStr
    store: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    allow_remote: bool = False
    max_body_bytes: int = Field(default=2_000_000, ge=1_000)
    max_facts: int = Field(default=20_000, ge=1)
    page_rows: int = Field(default=50, ge=1)
    session_hours: int = Field(default=12, ge=1)

    @field_validator("api_key")
    @classmethod
    def _long_enough(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value()
        if len(text) < MIN_KEY_CHARACTERS or not text.isascii() or not text.isprintable():
            raise ValueError(f"a key of fewer than {MIN_KEY_CHARACTERS} printable ASCII characters")
        return key

    @model_validator(mode="after")
    def _local(self) -> ServeSettings:
        if not self.allow_remote and not is_local(self.host):
            raise ValueError(
                f"host {self.host}, which other machines can reach; put TLS in front and set "
                f"{ENVIRONMENT['allow_remote']}=true (or --allow-remote) if that is meant"
            )
        return self

    @property
    def store_url(self) -> str | sa.URL:
        """SQLAlchemy URL of the score store; that of the file is no text, in which ``?`` and ``%`` mean something."""
        return self.store or sa.URL.create("sqlite", database=str(self.out / "scores.sqlite"))

    @property
    def session_seconds(self) -> int:
        """How long a browser stays logged in."""
        return self.session_hours * 3600


def is_local(host: str) -> bool:
    """Whether an address can be reached from this machine only.

    Examples
    --------
    >>> is_local("127.0.0.1"), is_local("::1"), is_local("localhost"), is_local("0.0.0.0"), is_local("example.org")
    (True, True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def settings_from_environment(environment: Mapping[str, str], **given: Any) -> ServeSettings:
    """Read the settings from environment variables; what is given by name comes first.

    Raises
    ------
    InputError
        If a value cannot be used.
    """
    values: dict[str, Any] = {
        field: environment[variable] for field, variable in ENVIRONMENT.items() if environment.get(variable)
    }
    values |= {field: value for field, value in given.items() if value is not None}
    try:
        return ServeSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(
            expected="settings that can be used",
            found=first["msg"].removeprefix("Value error, "),
            table=ENVIRONMENT.get(field, field) or None,
        ) from None
