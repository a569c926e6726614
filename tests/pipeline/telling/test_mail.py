"""E-mail through a real mail server: encrypted, with a login, as text and HTML, in both languages."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from features.errors import InputError
from pipeline.telling.channels import make_channels

EVENTS = ["lead.above", "lead.left", "night.stopped"]


class Postbox:
    """Keeps what a mail server got; refuses addresses that begin with ``gone``."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.encrypted: list[bool] = []
        self.refuse_all = False

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("gone") or self.refuse_all:
            return f"550 no {address} here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name, today = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.TraditionalOpenSSL
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return pem, secret


def checked(_: SMTP, __: Session, ___: Envelope, mechanism: str, given: LoginPassword) -> AuthResult:
    return AuthResult(handled=False, success=(given.login, given.password) == (b"leadscore", b"a password"))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def smtp(postbox: Postbox, certificate: tuple[Path, Path]) -> Iterator[dict]:
    """A mail server that wants STARTTLS and a login, and the settings to reach it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    controller = Controller(
        postbox, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
        authenticator=checked, auth_required=True, auth_require_tls=True,
    )  # fmt: skip
    controller.start()
    yield {
        "host": "127.0.0.1",
        "port": controller.port,
        "user": "leadscore",
        "ca_file": str(certificate[0]),
        "timeout_s": 5,
    }
    controller.stop()


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSCORE_MORNING_PASSWORD", "a password")


def morning(server, **more):
    people = {"to": ["sales@example.com", "b@example.com"], "sender": "leadscore@example.com"}
    return {"kind": "email", **people, "events": EVENTS, "smtp": server, **more}


def parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return text.get_content(), html.get_content()


def test_the_leads_of_a_run_come_in_one_mail(nights, smtp, postbox) -> None:
    nights.night({"a": "none", "b": "none", "<c>": "SAL"})
    nights.tell(morning=morning(smtp))
    nights.night({"a": "SAL", "b": "MQL", "<c>": "with_sales"})
    assert nights.tell(morning=morning(smtp)).sent == {"morning": 2}
    assert nights.tell(morning=morning(smtp)).sent == {}
    above, left = postbox.mails
    assert above["Subject"] == "2 leads passed a cut-off."
    assert above["To"] == "sales@example.com, b@example.com"
    assert above["Auto-Submitted"] == "auto-generated"
    assert left["Subject"] == "Lead <c> left the list: it was SAL and is now with sales."
    assert "&lt;c&gt;" in parts(left)[1]
    assert "<c>" in parts(left)[0]
    for text in parts(above):
        assert "Lead a passed the SAL cut-off; until now it was below the cut-offs." in text
        assert "Its probability is 60" in text
    assert postbox.encrypted == [True, True]


def test_a_german_reader_is_told_in_german(nights, smtp, postbox) -> None:
    nights.night({"a": "none"})
    nights.tell(morning=morning(smtp, language="de"))
    nights.night({"a": "MQL"})
    nights.tell(morning=morning(smtp, language="de"))
    [mail] = postbox.mails
    assert mail["Subject"] == "Der Lead a hat den MQL-Cut-off überschritten; bisher war er unter den Cut-offs."
    assert "Seine Wahrscheinlichkeit beträgt 30" in parts(mail)[0]
    assert mail["Content-Language"] == "de"


def test_a_lead_id_writes_no_header(nights, smtp, postbox) -> None:
    evil = "a\r\nBcc: everybody@example.com"
    nights.night({evil: "none"})
    nights.tell(morning=morning(smtp))
    nights.night({evil: "MQL"})
    assert nights.tell(morning=morning(smtp)).sent == {"morning": 1}
    [mail] = postbox.mails
    assert mail["Bcc"] is None
    assert "everybody@example.com" in mail["Subject"]


def test_an_address_that_is_gone_keeps_no_mail_from_the_others(nights, smtp, postbox, capsys) -> None:
    some = morning(smtp, to=["sales@example.com", "gone@example.com"])
    nights.night({"a": "none"})
    nights.tell(morning=some)
    nights.night({"a": "SAL"})
    assert nights.tell(morning=some).exit_code == 0
    assert nights.tell(morning=some).sent == {}
    assert len(postbox.mails) == 1
    assert "1 of 2 addresses were refused" in capsys.readouterr().err


def test_what_a_server_refuses_comes_again_under_the_same_name(nights, smtp, postbox) -> None:
    nights.night({"a": "none"})
    nights.tell(morning=morning(smtp))
    nights.night({"a": "SAL"})
    postbox.refuse_all = True
    failed = nights.tell(morning=morning(smtp))
    assert (failed.exit_code, failed.waits) == (2, {"morning": 1})
    assert "550" in failed.failed["morning"]
    postbox.refuse_all = False
    assert nights.tell(morning=morning(smtp)).sent == {"morning": 1}
    [mail] = postbox.mails
    assert mail["Message-ID"].startswith("<msg_")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"user": "somebody"}, "535"),
        ({"ca_file": None}, "no encryption that can be trusted"),
        ({"port": 9}, "no connection"),
    ],
)
def test_a_server_that_cannot_be_used_is_a_message(nights, smtp, change, said) -> None:
    nights.night({"a": "none"})
    nights.tell(morning=morning(smtp))
    nights.night({"a": "SAL"})
    failed = nights.tell(morning=morning({**smtp, **change}))
    assert failed.waits == {"morning": 1}
    assert said in failed.failed["morning"]
    assert "a password" not in failed.failed["morning"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"smtp": {"host": "mail.example.com", "security": "none"}}, "on this machine"),
        ({"to": []}, "to"),
        ({"to": ["a@example.com\nBcc: b@example.com"]}, "an address"),
        ({"events": ["lead.abov"]}, "there is no event lead.abov"),
        ({"smtp": {"host": "mail.example.com", "password": "x"}}, "no such setting"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(change, said, tmp_path) -> None:
    with pytest.raises(InputError, match=said):
        make_channels({"morning": morning({"host": "mail.example.com"}, **change)}, tmp_path)
