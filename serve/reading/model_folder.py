"""The files of a model or a decision as the server reads them: held against their signature where a key is set."""

from __future__ import annotations

import os
from pathlib import Path

from features.errors import InputError
from models.signed_files import SIGNATURE, verify_signature

VERIFY_KEY = "LEADSCORE_VERIFY_KEY"
"""Names the file of a public key; where it is set, a model that is not signed by it is not used."""


def read_model_texts(folder: Path) -> dict[str, str]:
    """Return the files of a folder, and of folders in it, by name, but for the signature.

    Raises
    ------
    InputError
        If one is no text in UTF-8 or no file, or the folder is not as the key signed it.
    OSError
        If one cannot be read.
    """
    content: dict[str, bytes] = {}
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not (file.is_file() or file.is_dir()):
            raise InputError(expected="files of a saved model", found=f"a link or a pipe {file.name}")
        if file.is_file():
            content[file.relative_to(folder).as_posix()] = file.read_bytes()
    signature = content.pop(SIGNATURE, None)
    key = os.environ.get(VERIFY_KEY)
    if key:
        verify_signature(content, signature, Path(key).read_bytes())
    try:
        return {name: data.decode("utf-8") for name, data in content.items()}
    except UnicodeDecodeError:
        raise InputError(expected="files of a saved model in UTF-8", found="other bytes") from None
