"""Which decision is in force since when, and how it came to be: what ``current.json`` says."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationError

from features.errors import InputError
from features.strict import Strict

CURRENT_FILE, VERSIONS_FOLDER, CHAMPION_FOLDER = "current.json", "versions", "champion"
"""``OUT/champion/current.json``, and one folder a decision in ``OUT/champion/versions``."""


class DecisionChange(Strict):
    """One change of who is in force.

    Attributes
    ----------
    what : {"signed", "back", "again", "fetched"}
        A receipt was won and signed; somebody went back; somebody put an earlier one in force again; it came from
        MLflow.
    version : str
        In force from now on.
    time : str
        ISO 8601, UTC.
    signed_by : tuple of str
        Who signed the receipt of this decision.
    model_sha256, cutoffs_version : str
        What the decision holds, whatever its receipt says besides.
    name, why : str or None
        Who went back, and why.
    """

    what: Literal["signed", "back", "again", "fetched"]
    version: str
    time: str
    signed_by: tuple[str, ...]
    model_sha256: str
    cutoffs_version: str
    name: str | None = None
    why: str | None = None


class CurrentDecision(Strict):
    """All that was ever in force, the last step last; ``version`` is None before the first."""

    format: Literal[1] = 1
    version: str | None = None
    history: tuple[DecisionChange, ...] = ()

    @classmethod
    def read(cls, text: str) -> CurrentDecision:
        """Read a ``current.json``; one that cannot be read is an InputError."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problem = str(error).splitlines()[0]
            expected = "the champion as leadscore writes it down"
            raise InputError(expected=expected, found=problem, table=CURRENT_FILE) from None

    @property
    def last(self) -> DecisionChange | None:
        """The step that put this decision in force."""
        return self.history[-1] if self.history else None

    def then(self, step: DecisionChange) -> CurrentDecision:
        """Return what is in force after one more step."""
        return CurrentDecision(version=step.version, history=(*self.history, step))

    def before(self) -> str | None:
        """Return the decision that was in force before this one and was not gone back from; None where there is none.

        Examples
        --------
        >>> def step(what, version):
        ...     same = {"time": "", "signed_by": (), "model_sha256": version, "cutoffs_version": ""}
        ...     return DecisionChange(what=what, version=version, **same)
        >>> three = CurrentDecision().then(step("signed", "a")).then(step("signed", "b")).then(step("signed", "c"))
        >>> gone_back = three.then(step("back", "b"))
        >>> three.before(), gone_back.before(), gone_back.then(step("signed", "d")).before()
        ('b', 'a', 'b')
        """
        in_force: list[str] = []
        for step in self.history:
            if step.what == "back" and step.version in in_force:
                del in_force[in_force.index(step.version) + 1 :]
            else:
                in_force = [version for version in in_force if version != step.version] + [step.version]
        return in_force[-2] if len(in_force) > 1 else None

    def taken_back(self, model_sha256: str, cutoffs_version: str) -> DecisionChange | None:
        """Return the step that went back from this model with these cut-offs, unless they came in force again since."""
        wanted, in_force, gone = (model_sha256, cutoffs_version), None, None
        for step in self.history:
            held = (step.model_sha256, step.cutoffs_version)
            if held == wanted:
                gone = None
            elif step.what == "back" and in_force == wanted:
                gone = step
            in_force = held
        return gone
