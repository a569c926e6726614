"""The kinds of cases that ``model-signing`` and its relatives test themselves with, made anew, by the way of a user.

A folder is signed by `sign_folder` or by the project itself; then leadscore and the project are asked whether it may
be used. Where they differ, leadscore is the stricter one, and the test says so.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from model_signing import hashing, signing, verifying

from features.errors import InputError
from models.signed_files import PAYLOAD_TYPE, SIGNATURE
from pipeline.outputs.signed_folder import SIGNING_KEY, VERIFY_KEY, sign_folder, verify_folder

PEM = serialization.Encoding.PEM


def write_keys(folder: Path, key: Any, name: str = "ours") -> tuple[Path, Path]:
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(PEM, pkcs8, plain))
    public.write_bytes(key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def write_files(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The private key; its public one is set as well."""
    own, public = write_keys(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    monkeypatch.setenv(SIGNING_KEY, str(own))
    monkeypatch.setenv(VERIFY_KEY, str(public))
    return own


@pytest.fixture
def signed(private: Path, tmp_path: Path) -> Path:
    folder = write_files(tmp_path / "model", {"one": "first", "two": "second", "deep/three": "third", "empty": ""})
    assert sign_folder(folder)
    return folder


def taken_here(folder: Path) -> bool:
    try:
        verify_folder(folder)
    except InputError:
        return False
    return True


def taken_by_the_project(folder: Path) -> bool:
    files = hashing.Config().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    verifier = verifying.Config().use_elliptic_key_verifier(public_key=Path(os.environ[VERIFY_KEY]))
    try:
        verifier.set_hashing_config(files).verify(folder, folder / SIGNATURE)
    except Exception:  # noqa: BLE001 - the project names no kind of error
        return False
    return True


USABLE: dict[str, dict[str, str]] = {
    "one file": {"only": "x"},
    "ten folders deep": {"/".join(f"l{number}" for number in range(10)) + "/deep": "x", "root": "y"},
    "names with spaces": {"file with spaces.txt": "x", " begins with one": "y"},
    "names with other signs": {"a-b_c.d.e@f": "x", "percent%20": "y", "new\nline": "z", 'quote"': "w", "back\\s": ""},
    "hidden files": {".hidden": "x", ".gitignore": "y", ".github/workflow": "z", "seen": "w"},
    "empty files": {"nothing": "", "none.bin": "", "something": "x"},
    "a hundred files": {f"file-{number}": f"content {number}" for number in range(100)},
    "names in all scripts": {"文件.txt": "x", "ファイル": "y", "🎉": "z", "e\u0301": "two signs", "\u00e9": "one sign"},
}  # fmt: skip


@pytest.mark.parametrize("kind", USABLE)
def test_a_folder_of_any_shape_is_taken_as_it_was_signed(kind: str, private: Path, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "model", USABLE[kind])
    sign_folder(folder)
    assert (taken_here(folder), taken_by_the_project(folder)) == (True, True)
    moved = Path(shutil.copytree(folder, tmp_path / "another name"))
    assert taken_here(moved)
    changed = next(iter(USABLE[kind]))
    (folder / changed).write_text(f"{USABLE[kind][changed]}.")
    assert (taken_here(folder), taken_by_the_project(folder)) == (False, False)


def another_folder(folder: Path) -> None:
    other = write_files(folder.parent / "other", {"one": "first", "two": "another model"})
    sign_folder(other)
    shutil.copy(other / SIGNATURE, folder / SIGNATURE)


def in_place_of(name: str, make: Callable[[Path], None]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).rename(folder.parent / "elsewhere")
        make(folder / name)

    return change


def of_signature(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: (folder / SIGNATURE).write_bytes(change((folder / SIGNATURE).read_bytes())) and None


ALTERED: dict[str, Callable[[Path], object]] = {
    "the signature of another folder": another_folder,
    "a truncated signature": of_signature(lambda text: text[:100]),
    "a signature that lacks its last byte": of_signature(lambda text: text[:-1]),
    "a byte that is no text": of_signature(lambda text: text[:100] + bytes([text[100] ^ 0xFF]) + text[101:]),
    "a list in its place": of_signature(lambda text: b"[" + text + b"]"),
    "a very deep one": of_signature(lambda _: b"[" * 200_000),
    "an empty file added": lambda folder: (folder / "more").touch(),
    "a hidden file added": lambda folder: (folder / ".more").write_text("x"),
    "a file added in a folder of its own": lambda folder: write_files(folder, {"new/file": "x"}),
    "a file moved into a folder": lambda folder: (folder / "one").rename(folder / "deep" / "one"),
    "a file in capitals": lambda folder: (folder / "one").rename(folder / "One"),
    "a link to the same content": in_place_of("two", lambda file: file.symlink_to(file.parent.parent / "elsewhere")),
    "a link to a folder of the same content": in_place_of(
        "deep", lambda file: file.symlink_to(file.parent.parent / "elsewhere")
    ),
    "a link that leads nowhere": lambda folder: (folder / "link").symlink_to(folder / "nothing"),
    "a folder in place of a file": in_place_of("two", lambda file: file.mkdir()),
    "all files gone": lambda folder: [shutil.rmtree(folder / "deep"), *((folder / n).unlink() for n in ("one", "two"))],
    "a byte fewer": lambda folder: (folder / "one").write_text("firs"),
    "bytes after the end": lambda folder: (folder / "empty").write_text("\0"),
}


@pytest.mark.parametrize("kind", ALTERED)
def test_what_was_altered_is_refused_here_and_by_the_project(kind: str, signed: Path) -> None:
    ALTERED[kind](signed)
    assert (taken_here(signed), taken_by_the_project(signed)) == (False, False)


def test_what_was_put_back_is_taken_again(signed: Path) -> None:
    (signed / "one").write_text("changed")
    assert not taken_here(signed)
    (signed / "one").write_text("first")
    assert taken_here(signed)


def test_a_pipe_is_refused_and_nobody_waits_for_it(signed: Path) -> None:
    os.mkfifo(signed / "pipe")
    assert not taken_here(signed)


@pytest.mark.parametrize("seed", range(3))
def test_any_byte_of_a_signature_that_is_changed_is_refused_or_signs_the_same(seed: int, signed: Path) -> None:
    rng, file = random.Random(seed), signed / SIGNATURE
    whole = file.read_bytes()
    envelope = json.loads(whole)["dsseEnvelope"]
    refused = 0
    for _ in range(400):
        at = rng.randrange(len(whole))
        file.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :])
        if not taken_here(signed):
            refused += 1
            continue
        still = json.loads(file.read_bytes().decode("utf-8", "replace"))["dsseEnvelope"]
        assert base64.b64decode(still["payload"]) == base64.b64decode(envelope["payload"])
        assert (still["payloadType"], still["signatures"][0]["sig"]) == (PAYLOAD_TYPE, envelope["signatures"][0]["sig"])
    assert refused > 200


def signed_by_the_project(folder: Path, files: hashing.Config, private: Path) -> None:
    signer = signing.Config().set_hashing_config(files).use_elliptic_key_signer(private_key=private)
    signer.sign(folder, folder / SIGNATURE)


def leaving_out(*paths: str, ignore_git_paths: bool) -> hashing.Config:
    return hashing.Config().set_ignored_paths(paths=[SIGNATURE, *paths], ignore_git_paths=ignore_git_paths)


def files_but_the_signature() -> hashing.Config:
    return leaving_out(ignore_git_paths=False)


STRICTER: dict[str, Callable[[], hashing.Config]] = {
    "a path that the signer left out": lambda: leaving_out("ignored", ignore_git_paths=False),
    "git's files left out": lambda: leaving_out(ignore_git_paths=True),
    "parts of files": lambda: files_but_the_signature().use_shard_serialization(shard_size=4),
    "another hash": lambda: files_but_the_signature().use_file_serialization(hashing_algorithm="blake2"),
}
"""What the project takes and leadscore does not: whatever is in the folder is loaded, so all of it is signed, whole."""


@pytest.mark.parametrize("kind", STRICTER)
def test_a_folder_of_which_a_part_was_not_signed_is_refused(kind: str, private: Path, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "model", {"one": "first", "ignored": "x", ".gitignore": "y"})
    signed_by_the_project(folder, STRICTER[kind](), private)
    with pytest.raises(InputError):
        verify_folder(folder)
    signed_by_the_project(folder, files_but_the_signature(), private)
    assert taken_here(folder)


def test_a_link_is_refused_though_the_signer_has_let_it_in(private: Path, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "model", {"one": "first"})
    (folder / "link").symlink_to("one")
    linked = files_but_the_signature().set_allow_symlinks(allow_symlinks=True)
    signed_by_the_project(folder, linked, private)
    with pytest.raises(InputError, match="a link or a pipe link"):
        verify_folder(folder)


def with_certificates(folder: Path, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    """Write a certificate for a key, and that of who issued it."""
    issuer, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    files = []
    for name, owner in (("Issuer", issuer), ("Signer", key)):
        is_issuer = owner is issuer
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Issuer")]))
            .public_key(owner.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_issuer, path_length=None), critical=True)
        )
        if not is_issuer:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        files.append(folder / f"{name}.crt")
        files[-1].write_bytes(made.sign(issuer, hashes.SHA256()).public_bytes(PEM))
    return files[1], files[0]


def test_a_signature_with_a_certificate_is_that_of_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = write_keys(tmp_path, key)
    certificate, issuer = with_certificates(tmp_path, key)
    folder = write_files(tmp_path / "model", {"one": "first"})
    signer = signing.Config().set_hashing_config(files_but_the_signature())
    signer.use_certificate_signer(
        private_key=private, signing_certificate=certificate, certificate_chain=[issuer]
    ).sign(folder, folder / SIGNATURE)
    monkeypatch.setenv(VERIFY_KEY, str(public))
    assert taken_here(folder)
    monkeypatch.setenv(VERIFY_KEY, str(write_keys(tmp_path, ec.generate_private_key(ec.SECP256R1()), "theirs")[1]))
    assert not taken_here(folder)


P256, UNKNOWN = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030106")
"""How a key names its curve."""


def test_a_key_of_a_curve_that_nobody_knows_is_a_message(private: Path, signed: Path) -> None:
    for variable, use in ((VERIFY_KEY, verify_folder), (SIGNING_KEY, sign_folder)):
        file = Path(os.environ[variable])
        kind = file.read_text().splitlines()[0].strip("-").removeprefix("BEGIN ")
        content = base64.b64decode("".join(file.read_text().splitlines()[1:-1])).replace(P256, UNKNOWN)
        file.write_text(f"-----BEGIN {kind}-----\n{base64.b64encode(content).decode()}\n-----END {kind}-----\n")
        with pytest.raises(InputError, match="another kind of key"):
            use(signed)


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate(),
            ec.generate_private_key(ec.SECP256K1())], ids=["rsa", "ed25519", "secp256k1"],
)  # fmt: skip
def test_a_key_of_another_kind_is_a_message(
    key: Any, signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = write_keys(tmp_path, key, "other")
    monkeypatch.setenv(VERIFY_KEY, str(public))
    with pytest.raises(InputError, match="another kind of key"):
        verify_folder(signed)
    monkeypatch.setenv(SIGNING_KEY, str(private))
    with pytest.raises(InputError, match="an elliptic-curve key"):
        sign_folder(signed)


EARLIER = (
    "https://model_signing/Digests/v0.1",
    "https://model_signing/signature/v2.0",
    "https://slsa.dev/provenance/v1",
)


@pytest.mark.parametrize("kind", EARLIER)
def test_a_statement_of_another_kind_is_refused_though_the_key_signed_it(kind: str, signed: Path) -> None:
    def change(statement: dict[str, Any]) -> None:
        statement["predicateType"] = kind

    sign_statement(signed, change)
    with pytest.raises(InputError, match="a statement about files"):
        verify_folder(signed)


def one_name_twice(statement: dict[str, Any]) -> None:
    """Two digests of one file, of which either might be looked at."""
    resources = statement["predicate"]["resources"]
    resources.append({**resources[0], "digest": "00" * 32})
    root(statement)


def root(statement: dict[str, Any]) -> None:
    import hashlib

    digests = b"".join(bytes.fromhex(one["digest"]) for one in statement["predicate"]["resources"])
    statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(digests).hexdigest()


@pytest.mark.parametrize(
    "change",
    [one_name_twice, lambda statement: statement["subject"].append(statement["subject"][0]),
     lambda statement: statement["subject"][0]["digest"].update(sha256="00" * 32),
     lambda statement: statement["predicate"].pop("resources"), lambda statement: statement.pop("subject")],
    ids=["one name twice", "two subjects", "another root", "no files", "no subject"],
)  # fmt: skip
def test_a_statement_that_contradicts_itself_is_refused_though_the_key_signed_it(
    change: Callable[[dict[str, Any]], Any], signed: Path
) -> None:
    sign_statement(signed, lambda _: None)
    assert taken_here(signed)
    sign_statement(signed, change)
    with pytest.raises(InputError, match="a statement about files"):
        verify_folder(signed)


def sign_statement(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Sign a changed statement with the key itself."""
    bundle = json.loads((folder / SIGNATURE).read_text())
    envelope = bundle["dsseEnvelope"]
    statement = json.loads(base64.b64decode(envelope["payload"]))
    change(statement)
    payload = json.dumps(statement).encode()
    encoded = b" ".join([f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)}".encode(), payload])
    key = serialization.load_pem_private_key(Path(os.environ[SIGNING_KEY]).read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    made = key.sign(encoded, ec.ECDSA(hashes.SHA256()))
    envelope |= {"payload": base64.b64encode(payload).decode()}
    envelope["signatures"][0]["sig"] = base64.b64encode(made).decode()
    (folder / SIGNATURE).write_text(json.dumps(bundle))
