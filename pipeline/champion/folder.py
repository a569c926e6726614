"""``OUT/champion``: one folder a decision, which is never changed, and ``current.json``, which is replaced in one step.

All that it names lies below it, so a folder that was moved or copied works where it is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from features.errors import InputError
from models.decision.current import CHAMPION_FOLDER, CURRENT_FILE, VERSIONS_FOLDER, CurrentDecision, DecisionChange
from models.decision.decision_files import SignedDecision, read_decision, version_of
from models.signed_files import SIGNATURE
from pipeline.outputs.signed_folder import content_below, sign_folder, signs, verify_content
from pipeline.runner.workspace import write_durably


class ChampionFolder:
    """The decisions of one OUT.

    Parameters
    ----------
    root : Path
        OUT.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / CHAMPION_FOLDER

    def current(self) -> CurrentDecision:
        """Return what is in force, and all that was; nothing where there was never a champion."""
        try:
            return CurrentDecision.read((self._folder / CURRENT_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return CurrentDecision()

    def version_folder(self, version: str) -> Path:
        """Return the folder of a decision."""
        return self._folder / VERSIONS_FOLDER / version

    def champion(self) -> SignedDecision | None:
        """Return the decision in force, every hash checked; None where there is none."""
        version = self.current().version
        return None if version is None else self.decision(version)

    def decision(self, version: str) -> SignedDecision:
        """Return a decision, every hash checked and, where a public key is set, its signature.

        Raises
        ------
        InputError
            If it is not there, or not as it was published.
        """
        return read_decision(texts_below(self.version_folder(version), signed=True), version=version)

    def keep(self, files: Mapping[str, str], signature: bytes | None = None) -> SignedDecision:
        """Write a decision beside the others and return it; what is there already stays as it is.

        Parameters
        ----------
        files : mapping of str to str
            Name and text of each.
        signature : bytes, optional
            Of the folder, where it comes from elsewhere; else it is signed if a private key is set.

        Raises
        ------
        InputError
            If the files are not those of a decision that was won and signed.
        """
        version = version_of(files)
        decision = read_decision(files, version=version)
        final = self.version_folder(version)
        is_signed = (final / SIGNATURE).is_file()
        if texts_below(final) == dict(files) and (is_signed or (signature is None and not signs())):
            return decision
        partial = final.with_name(f".{version}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        for name, text in files.items():
            file = partial / name
            file.parent.mkdir(parents=True, exist_ok=True)
            write_durably(file, text)
        if signature is None:
            sign_folder(partial)
        else:
            (partial / SIGNATURE).write_bytes(signature)
        shutil.rmtree(final, ignore_errors=True)  # not whole, or changed: the name says what has to be in it
        partial.rename(final)
        _sync(final.parent)
        return decision

    def put_in_force(self, current: CurrentDecision) -> None:
        """Replace ``current.json`` in one step."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f".{CURRENT_FILE}.partial"
        write_durably(partial, current.model_dump_json(indent=1) + "\n")
        partial.replace(self._folder / CURRENT_FILE)
        _sync(self._folder)

    def have_current(self) -> None:
        """Write down that nothing is in force yet, where nobody has: other tools depend on the file."""
        if not (self._folder / CURRENT_FILE).is_file():
            self.put_in_force(CurrentDecision())


def change_to(
    decision: SignedDecision, what: str, *, time: str, name: str | None = None, why: str | None = None
) -> DecisionChange:
    """Return the step that puts a decision in force."""
    receipt = decision.receipt
    return DecisionChange.model_validate(
        {
            "what": what,
            "version": decision.version,
            "time": time,
            "signed_by": tuple(f"{signature.role}: {signature.name}" for signature in receipt.signatures),
            "model_sha256": receipt.model_sha256,
            "cutoffs_version": receipt.cutoffs_version,
            "name": name,
            "why": why,
        }
    )


def signature_of(folder: Path) -> bytes | None:
    """Return the signature that lies in a folder, or None."""
    file = folder / SIGNATURE
    return file.read_bytes() if file.is_file() else None


def texts_below(folder: Path, *, signed: bool = False) -> dict[str, str]:
    """Return every file below a folder but its signature by its name there; none where the folder is not there.

    With ``signed``, they are held against the signature first, if a public key is set.
    """
    content = content_below(folder)
    if signed:
        verify_content(content)
    content.pop(SIGNATURE, None)
    texts = {}
    for name, data in content.items():
        try:
            texts[name] = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(expected="UTF-8", found=str(error), table=f"{folder.name}/{name}") from None
    return texts


def _sync(folder: Path) -> None:
    """Wait until the disk knows the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
