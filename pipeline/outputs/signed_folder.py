"""Signing a folder when it is written, and holding it against its signature before it is used, where keys are set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from features.errors import InputError
from models.signed_files import SIGNATURE, verify_signature

SIGNING_KEY, VERIFY_KEY = "LEADSCORE_SIGNING_KEY", "LEADSCORE_VERIFY_KEY"
"""Environment variables that name files with a private and a public key (PEM, elliptic curve)."""


def signs() -> bool:
    """Whether a private key is set."""
    return bool(os.environ.get(SIGNING_KEY))


def sign_folder(folder: Path) -> bool:
    """Write ``model.sig`` into a folder, for all its files and those of folders in it, if a private key is set.

    Returns
    -------
    bool
        Whether it was signed.

    Raises
    ------
    InputError
        If ``LEADSCORE_SIGNING_KEY`` names no usable key, or what signs is not installed.
    """
    key = os.environ.get(SIGNING_KEY)
    if not key:
        return False
    _require_key(SIGNING_KEY, Path(key))
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from model_signing import hashing, signing  # an extra, and a second of imports
    except ImportError:
        raise InputError(
            expected="package model-signing", found="it is not installed", hint="pip install 'leadscore[signing]'"
        ) from None
    target = folder / SIGNATURE
    target.unlink(missing_ok=True)
    files = hashing.Config().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    try:
        signer = signing.Config().set_hashing_config(files).use_elliptic_key_signer(private_key=Path(key))
        signer.sign(folder, target)
    except (AttributeError, UnsupportedAlgorithm):  # what signs asks a key of any kind for its curve
        raise InputError(
            expected=f"an elliptic-curve key (P-256, P-384, P-521) in {SIGNING_KEY}",
            found=f"{key}: another kind of key",
        ) from None
    except (ValueError, TypeError) as error:
        found = f"{key}: {str(error).splitlines()[0][:200]}"
        raise InputError(expected=f"an elliptic-curve key without a password in {SIGNING_KEY}", found=found) from None
    return True


def verify_folder(folder: Path) -> None:
    """Require that a folder, with folders in it, is as it was signed, if a public key is set.

    Raises
    ------
    InputError
        If it is not signed, another key signed it, a file was added, left out or changed, or one is a link.
    """
    if os.environ.get(VERIFY_KEY):
        verify_content(content_below(folder))


def content_below(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its name there; none where the folder is not there.

    Raises
    ------
    InputError
        If there is a link, a pipe or a device.
    """
    content = {}
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not (file.is_file() or file.is_dir()):
            raise InputError(expected="files and folders", found=f"a link or a pipe {file.name}", table=folder.name)
        if file.is_file():
            content[file.relative_to(folder).as_posix()] = file.read_bytes()
    return content


def verify_content(content: Mapping[str, bytes]) -> None:
    """Require that files as they were read, with their signature among them, are as they were signed, if a key is set.

    Raises
    ------
    InputError
        As `verify_folder`.
    """
    key = os.environ.get(VERIFY_KEY)
    if not key:
        return
    _require_key(VERIFY_KEY, Path(key))
    files = {name: data for name, data in content.items() if name != SIGNATURE}
    verify_signature(files, content.get(SIGNATURE), Path(key).read_bytes())


def _require_key(variable: str, file: Path) -> None:
    if not file.is_file():
        raise InputError(expected=f"a key in the file that {variable} names", found=f"no file {file}")
