"""A folder is signed with a private key and used only as that key signed it; the project `model-signing` agrees."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from model_signing import verifying

from features.errors import InputError
from models.signed_files import SIGNATURE
from pipeline.outputs.model_files import read_texts
from pipeline.outputs.signed_folder import SIGNING_KEY, VERIFY_KEY, sign_folder, verify_folder
from serve.reading.model_folder import read_model_texts

FILES = {"signme-1": "signme-1\n", "signme-2": "signme-2", "sub/.gitignore": "also signed", "sub/deep/ä.json": "{}"}


def write_keys(folder: Path, name: str, curve: ec.EllipticCurve) -> tuple[Path, Path]:
    key, private, public = ec.generate_private_key(curve), folder / f"{name}.pem", folder / f"{name}.pub"
    pem = serialization.Encoding.PEM
    private.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )  # fmt: skip
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture(params=[ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def signed(request, tmp_path, monkeypatch) -> Path:
    """Return a folder that is signed, with the keys set."""
    private, public = write_keys(tmp_path, "ours", request.param)
    monkeypatch.setenv(SIGNING_KEY, str(private))
    monkeypatch.setenv(VERIFY_KEY, str(public))
    folder = tmp_path / "model"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    assert sign_folder(folder)
    return folder


def changed(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def of_bundle(folder: Path, change) -> None:
    """Change the signature's bundle."""
    bundle = json.loads((folder / SIGNATURE).read_text())
    change(bundle["dsseEnvelope"])
    (folder / SIGNATURE).write_text(json.dumps(bundle))


def of_statement(folder: Path, change) -> None:
    """Change what is signed, without the key."""

    def change_payload(envelope):
        statement = json.loads(base64.b64decode(envelope["payload"]))
        change(statement["predicate"]["resources"])
        envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()

    of_bundle(folder, change_payload)


ALTERED = {
    "a changed file": lambda folder: changed(folder, "signme-1", "signme-1"),
    "an added file": lambda folder: changed(folder, "signme-3", "signme-3"),
    "an added file that git ignores": lambda folder: changed(folder, ".gitattributes", "x"),
    "a file left out": lambda folder: (folder / "signme-2").unlink(),
    "another name": lambda folder: (folder / "signme-2").rename(folder / "signme-4"),
    "swapped files": lambda folder: (
        changed(folder, "signme-1", "signme-2"),
        changed(folder, "signme-2", "signme-1\n"),
    ),
    "a link": lambda folder: (folder / "link").symlink_to(folder / "signme-1"),
    "no signature": lambda folder: (folder / SIGNATURE).unlink(),
    "an empty signature": lambda folder: changed(folder, SIGNATURE, ""),
    "a signature of another form": lambda folder: changed(folder, SIGNATURE, '{"dsseEnvelope": []}'),
    "no signatures in it": lambda folder: of_bundle(folder, lambda envelope: envelope.update(signatures=[])),
    "another type": lambda folder: of_bundle(folder, lambda envelope: envelope.update(payloadType="text/plain")),
    "an empty statement": lambda folder: of_bundle(folder, lambda envelope: envelope.update(payload="")),
    "a digest put right": lambda folder: of_statement(folder, lambda files: files[0].update(digest="00" * 32)),
    "a file fewer in it": lambda folder: of_statement(folder, lambda files: files.pop()),
}


def test_what_was_signed_is_used(signed):
    verify_folder(signed)


@pytest.mark.parametrize("alteration", ALTERED)
def test_what_was_altered_is_refused_here_and_by_the_project_itself(signed, alteration):
    ALTERED[alteration](signed)
    with pytest.raises(InputError):
        verify_folder(signed)
    with pytest.raises(Exception):  # noqa: B017 - of any kind: the project names none
        verified_by_the_project(signed)


def verified_by_the_project(folder: Path) -> None:
    import os

    from model_signing import hashing

    files = hashing.Config().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    verifier = verifying.Config().use_elliptic_key_verifier(public_key=Path(os.environ[VERIFY_KEY]))
    verifier.set_hashing_config(files).verify(folder, folder / SIGNATURE)


def test_the_project_itself_takes_what_is_signed_here(signed):
    verified_by_the_project(signed)


def test_a_signature_by_another_key_is_refused(signed, tmp_path, monkeypatch):
    monkeypatch.setenv(SIGNING_KEY, str(write_keys(tmp_path, "theirs", ec.SECP256R1())[0]))
    sign_folder(signed)
    with pytest.raises(InputError, match="another key"):
        verify_folder(signed)


def test_job_and_server_read_only_a_model_that_is_signed(tmp_path, monkeypatch):
    private, public = write_keys(tmp_path, "ours", ec.SECP256R1())
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "forecast.json").write_text("{}")
    for read in (read_texts, read_model_texts):
        assert read(folder) == {"forecast.json": "{}"}  # no key, no question
    monkeypatch.setenv(VERIFY_KEY, str(public))
    for read in (read_texts, read_model_texts):
        with pytest.raises(InputError, match=r"no model\.sig"):
            read(folder)
    monkeypatch.setenv(SIGNING_KEY, str(private))
    sign_folder(folder)
    for read in (read_texts, read_model_texts):
        assert read(folder) == {"forecast.json": "{}"}
    (folder / "forecast.json").write_text("{ }")
    for read in (read_texts, read_model_texts):
        with pytest.raises(InputError, match=r"forecast\.json as it was signed"):
            read(folder)


def test_without_keys_nothing_is_signed_or_asked(tmp_path):
    (tmp_path / "a").write_text("a")
    assert not sign_folder(tmp_path)
    verify_folder(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("variable", [SIGNING_KEY, VERIFY_KEY])
def test_a_key_that_is_not_there_or_none_is_named(tmp_path, monkeypatch, variable):
    use = sign_folder if variable == SIGNING_KEY else verify_folder
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "a").write_text("a")
    monkeypatch.setenv(variable, str(tmp_path / "none.pem"))
    with pytest.raises(InputError, match=f"file that {variable} names"):
        use(folder)
    (tmp_path / "none.pem").write_text("no key")
    with pytest.raises(InputError):
        use(folder)
