"""What a policy is: its name, the knob it needs, how it chooses a cut-off, and how it says what was asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from features.errors import InputError
from models.bands import Band, PerBand
from models.cutoffs.evidence import BandEvidence
from models.cutoffs.policies.knobs import Knob, Knobs
from models.cutoffs.statement import Promise

T = TypeVar("T")


@dataclass(frozen=True)
class Compared:
    """The baseline that a policy may lean on.

    Attributes
    ----------
    evidence : PerBand of BandEvidence
        Of its points, on the same looks.
    at : PerBand of float
        Its cut-offs.
    leads : PerBand of float
        Leads over the time that counts that the model is to promote as well under ``same_volume_as_points``.
    own : bool
        Whether the cut-offs are the company's own, not ours for want of rules.
    """

    evidence: PerBand[BandEvidence]
    at: PerBand[float]
    leads: PerBand[float]
    own: bool


@dataclass(frozen=True)
class Chosen:
    """A cut-off and what asked for it.

    Attributes
    ----------
    threshold : float
        From this probability on.
    policy : str
        Name of the policy in force.
    asked_leads : float or None
        Leads asked for over the time that counts; None where something else than a number was asked.
    promise : Promise or None
        What is promised.
    raised : bool
        Whether a cut-off for SAL was raised to that for MQL.
    """

    threshold: float
    policy: str
    asked_leads: float | None = None
    promise: Promise | None = None
    raised: bool = False


class Policy(ABC):
    """A way to choose the cut-off of a band; it holds nothing, so that one of each kind is enough.

    A new one is a class in this folder and a line in `models.cutoffs.policies.registry`.

    Attributes
    ----------
    name : str
        As in ``cutoffs.policy``.
    needs : str or None
        Name of the knob that it cannot do without; settings without it are refused.
    in_settings : bool
        Whether settings may name it.
    """

    name: ClassVar[str]
    needs: ClassVar[Knob | None] = None
    in_settings: ClassVar[bool] = True

    @abstractmethod
    def choose(self, evidence: BandEvidence, knobs: Knobs, *, confidence: float, compared: Compared) -> Chosen:
        """Return the cut-off of one band.

        Parameters
        ----------
        evidence : BandEvidence
            Looks of the past. Outcomes play a part only where the policy is about outcomes.
        knobs : Knobs
            Those of the band.
        confidence : float
            How sure a promise is to be kept.
        compared : Compared
            The baseline.

        Raises
        ------
        InputError
            If a knob is missing, or no cut-off does what was asked; it says what is possible.
        """

    @abstractmethod
    def words(self, knobs: Knobs, band: Band, *, per_week: float | None, confidence: float) -> str:
        """Return what was asked, in words for people.

        Parameters
        ----------
        knobs : Knobs
            Those of the band.
        band : str
            The band.
        per_week : float or None
            Leads a week that were asked for, if a number was.
        confidence : float
            Of promises.
        """

    def raise_to(self, threshold: float, chosen: Chosen, evidence: BandEvidence) -> Chosen:
        """Return the choice for SAL at the higher cut-off of MQL.

        Parameters
        ----------
        threshold : float
            The cut-off for MQL.
        chosen : Chosen
            What this policy chose for SAL.
        evidence : BandEvidence
            Of SAL.

        Raises
        ------
        InputError
            If what was asked does not hold there.
        """
        del evidence  # a policy that promises something looks at it
        return replace(chosen, threshold=threshold, raised=True)


def needed(knob: T | None, name: Knob, band: Band) -> T:
    """Return a knob that must be there.

    Raises
    ------
    InputError
        If it is not.
    """
    if knob is None:
        where = f"cutoffs.{band.lower()}.{name}"
        raise InputError(expected=f"{where} for this policy", found="none", column=where)
    return knob
