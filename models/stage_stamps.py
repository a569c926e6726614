"""What a stage's ``stage.json`` says, and whether the outputs of several stages were made from one another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

STAMP = "stage.json"
"""The file in a stage's folder that says what its outputs were made from; it is written last."""


@dataclass(frozen=True)
class Stamp:
    """What a completed stage says of itself.

    Attributes
    ----------
    stage : str
        Its name.
    inputs : mapping
        All that decided its outputs. Under the name of each earlier stage that it read stands the digest of that
        stage's outputs.
    outputs : str
        The digest of its own outputs.
    """

    stage: str
    inputs: Mapping[str, Any]
    outputs: str

    @classmethod
    def from_json(cls, text: str) -> Stamp:
        """Read the text of a ``stage.json``."""
        tree: dict[str, Any] = json.loads(text)
        return cls(tree["stage"], tree["inputs"], tree["outputs"])

    def to_json(self) -> str:
        """Return the text of a ``stage.json``."""
        tree = {"stage": self.stage, "inputs": dict(self.inputs), "outputs": self.outputs}
        return json.dumps(tree, indent=1, sort_keys=True) + "\n"


def made_from_others(stamps: Iterable[Stamp]) -> tuple[str, str] | None:
    """Return the first stage that was made from other outputs of another than those that lie there, and that other.

    Parameters
    ----------
    stamps : iterable of Stamp
        Of the stages whose outputs are used together. A stage that none of the others reads fits with all of them.

    Returns
    -------
    (str, str) or None
        Stage and the stage that it read; None where all belong together.

    Examples
    --------
    >>> trained = Stamp("train", {}, outputs="b")
    >>> made_from_others([trained, Stamp("cutoffs", {"train": "b"}, outputs="c")])
    >>> made_from_others([trained, Stamp("cutoffs", {"train": "a"}, outputs="c")])
    ('cutoffs', 'train')
    """
    by_stage = {stamp.stage: stamp for stamp in stamps}
    pairs = (
        (stamp, other) for stamp in by_stage.values() for other in by_stage.values() if other.stage in stamp.inputs
    )
    return next(
        ((stamp.stage, other.stage) for stamp, other in pairs if stamp.inputs[other.stage] != other.outputs), None
    )
