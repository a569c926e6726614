"""Where a sealed receipt stands: refused, not earned, waiting for somebody, or approved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.receipt.seal import Approval, Sealed
from pipeline.settings.settings import Team

State = Literal["refused", "not_earned", "waiting", "approved"]


@dataclass(frozen=True)
class Standing:
    """Whether a model may become champion as far as its receipt goes.

    Attributes
    ----------
    state : {"refused", "not_earned", "waiting", "approved"}
        ``approved`` also where nobody has to be asked.
    waiting_for : tuple of str
        Who has to sign yet, in order.
    sentence : str
        The same for people, beginning in lower case.
    """

    state: State
    waiting_for: tuple[Team, ...]
    sentence: str


def standing_of(sealed: Sealed) -> Standing:
    """Return where a receipt stands; a refusal outweighs everything, and no approval makes up for a lost comparison."""
    refusal = next((entry for entry in (*sealed.earlier_refusals, *sealed.approvals) if _refused(entry)), None)
    if refusal is not None:
        return Standing("refused", (), f"refused by {by(refusal)}: {refusal.why}")
    required, verdict = sealed.receipt.approvals_required, sealed.receipt.verdict
    given = {entry.role: entry for entry in sealed.approvals}
    waiting = tuple(role for role in required if role not in given)
    if verdict.outcome != "won" or verdict.missing:
        return Standing("not_earned", waiting, "not earned: " + "; ".join(verdict.missing))
    if waiting:
        return Standing("waiting", waiting, f"waiting for approval by {' and '.join(waiting)}")
    if not required:
        return Standing("approved", (), "nobody has to approve it (receipt.approvals is empty)")
    return Standing("approved", (), f"approved by {' and '.join(by(given[role]) for role in required)}")


def by(entry: Approval) -> str:
    """Return who said it and when.

    Examples
    --------
    >>> entry = Approval(role="sales", decision="approved", name="A. Beck", time="2026-07-01T09:00:00Z", why=None,
    ...     receipt_sha256="", model_sha256="", cutoffs_version="", previous="")
    >>> by(entry)
    'sales (A. Beck, 2026-07-01)'
    """
    return f"{entry.role} ({entry.name}, {entry.time[:10]})"


def _refused(entry: Approval) -> bool:
    return entry.decision == "refused"
