"""Rows that were erased on purpose: what each stage's outputs were before and after, so that a receipt still holds.

Who is forgotten leaves the tables that a receipt was made from. ``OUT/forgotten/erasures.json`` names the digests of
the stages on both sides of each erasure, and nothing of the person: whoever verifies a receipt follows them from the
tables that were sealed to those that lie there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from features.errors import InputError
from features.strict import Strict
from pipeline.outputs.forgotten import FORGOTTEN_FOLDER
from pipeline.receipt.seal import digest_of, signature, signed_by
from pipeline.runner.stages import STAGES
from pipeline.runner.workspace import Workspace, write_durably
from pipeline.settings.settings import validation_message

FILE = "erasures.json"


class Erasure(Strict):
    """Rows that were erased from the outputs of stages, at one time.

    Attributes
    ----------
    time : str
        When it was begun, UTC.
    before, after : mapping of str to str
        The digest of each finished stage's outputs; ``after`` is None while rows are being erased.
    signature : str or None
        By the key of the receipts, where there is one.
    """

    time: str
    before: Mapping[str, str]
    after: Mapping[str, str] | None = None
    signature: str | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of what is signed."""
        return digest_of(self.model_dump(mode="json", exclude={"signature"}))

    def holds(self, key: bytes | None) -> bool:
        """Whether it bears the signature that a key asks for."""
        return key is None or signed_by(self.digest, self.signature, key)


def begin_erasure(workspace: Workspace, time: str) -> None:
    """Write down what lies there before rows are erased; one that was broken off goes on with what it began with."""
    erasures = read_erasures(workspace.root)
    if not erasures or erasures[-1].after is not None:
        _write(workspace.root, [*erasures, Erasure(time=time, before=_digests(workspace))])


def end_erasure(workspace: Workspace, key: bytes | None) -> None:
    """Write down what lies there now; an erasure that changed no stage is left out.

    Parameters
    ----------
    workspace : Workspace
    key : bytes or None
        Signs it.
    """
    *earlier, last = read_erasures(workspace.root)
    after = _digests(workspace)
    if after == last.before:
        _write(workspace.root, earlier)
        return
    whole = last.model_copy(update={"after": after})
    _write(workspace.root, [*earlier, whole.model_copy(update={"signature": signature(whole.digest, key)})])


def erased_since(erasures: Sequence[Erasure], stage: str, sealed: str, present: str) -> tuple[Erasure, ...]:
    """Return the erasures that lead from one digest of a stage's outputs to another; none where they do not.

    Examples
    --------
    >>> one = Erasure(time="", before={"ingest": "a"}, after={"ingest": "b"})
    >>> two = Erasure(time="", before={"ingest": "b"}, after={"ingest": "c"})
    >>> len(erased_since([one, two], "ingest", "a", "c")), erased_since([one, two], "ingest", "a", "d")
    (2, ())
    """
    steps: list[Erasure] = []
    for erasure in erasures:
        if erasure.after is not None and erasure.before.get(stage) == sealed != erasure.after.get(stage):
            steps.append(erasure)
            sealed = erasure.after.get(stage, "")
    return tuple(steps) if sealed == present else ()


def read_erasures(root: Path) -> list[Erasure]:
    """Return the erasures of an OUT, oldest first.

    Raises
    ------
    InputError
        If their file is not as leadscore writes it.
    """
    file = root / FORGOTTEN_FOLDER / FILE
    if not file.is_file():
        return []
    try:
        return [Erasure.model_validate(entry) for entry in json.loads(file.read_text(encoding="utf-8"))]
    except ValidationError as error:
        problem = validation_message(error)
    except (UnicodeDecodeError, json.JSONDecodeError, TypeError) as error:
        problem = str(error)
    raise InputError(expected="a list of erasures", found=problem, table=f"{FORGOTTEN_FOLDER}/{FILE}")


def _digests(workspace: Workspace) -> dict[str, str]:
    finished = [stage.name for stage in STAGES if workspace.stamp(stage.name) is not None]
    return {name: workspace.outputs_digest(name) for name in finished}


def _write(root: Path, erasures: Sequence[Erasure]) -> None:
    folder = root / FORGOTTEN_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    tree: list[Any] = [erasure.model_dump(mode="json") for erasure in erasures]
    partial = folder / f".{FILE}.partial"
    write_durably(partial, json.dumps(tree, indent=1) + "\n")
    partial.replace(folder / FILE)
