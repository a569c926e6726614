"""E-mail: each message as text and as simple HTML, handed to the company's own mail server."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Literal, Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import Field, field_validator, model_validator

from features.errors import InputError
from features.strict import Strict
from pipeline.runner.job_log import say
from pipeline.score.sinks.news.news import Message
from pipeline.telling.channel import ChannelOptions, secret_of
from pipeline.telling.said import Said

TEMPLATES = Path(__file__).resolve().parent / "templates"
LONGEST_SUBJECT = 200
_LOCAL = ("localhost", "127.0.0.1", "::1")
_ADDRESS = re.compile(r"[^@\s<>,;\"()\\]+@[^@\s<>,;\"()\\]+")


class SmtpOptions(Strict):
    """The mail server.

    Attributes
    ----------
    host : str
    port : int or None
        None: 587 with STARTTLS, 465 with TLS, 25 without.
    security : {"starttls", "tls", "none"}
        ``none`` is for a server on this machine.
    user : str or None
    password_variable : str or None
        The environment variable with the password; default ``LEADSCORE_NAME_PASSWORD``.
    ca_file : Path or None
        Certificates to trust besides those of the system.
    timeout_s : float
    """

    host: str = Field(pattern=r"^[^\s/@]+$")
    port: int | None = Field(default=None, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password_variable: str | None = None
    ca_file: Path | None = None
    timeout_s: float = Field(default=20.0, gt=0, le=600)

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.security == "none" and self.host not in _LOCAL:
            raise ValueError("security: none is for a mail server on this machine; use starttls or tls")
        return self


class MailOptions(ChannelOptions):
    """Settings of ``kind: email``.

    Attributes
    ----------
    to : tuple of str
    sender : str
    smtp : SmtpOptions
    """

    kind: Literal["email"] = "email"
    to: tuple[str, ...] = Field(min_length=1)
    sender: str
    smtp: SmtpOptions

    @field_validator("to", "sender")
    @classmethod
    def _addresses(cls, given: tuple[str, ...] | str) -> tuple[str, ...] | str:
        for address in (given,) if isinstance(given, str) else given:
            if not _ADDRESS.fullmatch(address):
                raise ValueError("expected an address such as sales@example.com")
        return given


class Mail:
    """People who are told by e-mail (`channel.Channel`).

    Parameters
    ----------
    name : str
    options : MailOptions
    outputs : Path
        Not used.
    """

    together = True

    def __init__(self, name: str, options: MailOptions, outputs: Path) -> None:
        self.options, self._name, self._where = options, name, f"telling.{name}"

    @contextmanager
    def opened(self) -> Iterator[OpenMail]:
        """Connect, encrypt, and log in where a user is named; a server that ends the connection is a message."""
        smtp = self.options.smtp
        password = None
        if smtp.user is not None:
            password = secret_of(
                smtp.password_variable or f"LEADSCORE_{self._name.upper()}_PASSWORD", where=self._where
            )
        try:
            with _connected(smtp) as server:
                if smtp.user is not None:
                    server.login(smtp.user, str(password))
                yield OpenMail(server, self.options, self._where)
        except (smtplib.SMTPException, OSError) as error:
            raise InputError(
                expected=f"a mail server that takes messages at {smtp.host}", found=_said_by(error), table=self._where,
                hint="Check host, port, security, user and password",
            ) from None  # fmt: skip

    def forget(self, lead_ids: Sequence[str]) -> int:
        """Return 0: nothing of it is kept here."""
        return 0


class OpenMail:
    """A mail server that takes messages (`channel.OpenChannel`)."""

    def __init__(self, server: smtplib.SMTP, options: MailOptions, where: str) -> None:
        self._server, self._options, self._where = server, options, where

    def tell(self, message: Message, said: Said) -> str | None:
        """Hand a message to the mail server; a second time it has the same ``Message-ID``."""
        try:
            refused = self._server.send_message(mail_of(message, said, self._options))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            return _said_by(error)
        if refused:  # the others have it: it must not come again
            say(f"{self._where}: {len(refused)} of {len(self._options.to)} addresses were refused")
        return None


def mail_of(message: Message, said: Said, options: MailOptions) -> EmailMessage:
    """Return a message as an e-mail with text and HTML.

    Parameters
    ----------
    message : Message
    said : Said
    options : MailOptions
        From whom to whom.
    """
    mail = EmailMessage()
    subject = " ".join("".join(char if char.isprintable() else " " for char in said.subject).split())
    mail["Subject"] = subject if len(subject) <= LONGEST_SUBJECT else f"{subject[: LONGEST_SUBJECT - 1]}…"
    mail["From"], mail["To"] = options.sender, ", ".join(options.to)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.message_id}@{options.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    values = {"said": said, "language": options.language}
    mail.set_content(_templates().get_template("mail.txt.j2").render(values))
    mail.add_alternative(_templates().get_template("mail.html.j2").render(values), subtype="html")
    mail["Content-Language"] = options.language
    return mail


@contextmanager
def _connected(smtp: SmtpOptions) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    if smtp.ca_file is not None:
        context.load_verify_locations(smtp.ca_file)
    if smtp.security == "tls":
        with smtplib.SMTP_SSL(smtp.host, smtp.port or 465, timeout=smtp.timeout_s, context=context) as server:
            yield server
        return
    with smtplib.SMTP(
        smtp.host, smtp.port or (587 if smtp.security == "starttls" else 25), timeout=smtp.timeout_s
    ) as server:
        if smtp.security == "starttls":
            server.starttls(context=context)
        yield server


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(("html", "html.j2")),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _said_by(error: Exception) -> str:
    """Return what went wrong; what a server says may quote an address, its code does not."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"every address refused ({', '.join(sorted({str(code) for code, _ in error.recipients.values()}))})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__.removeprefix('SMTP')} ({error.smtp_code})"
    if isinstance(error, ssl.SSLError):
        return f"no encryption that can be trusted ({error.reason or type(error).__name__})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPException):
        return str(error) or type(error).__name__
    return "no connection" if isinstance(error, OSError) else type(error).__name__
