"""What a company asks of the cut-off of one band: a policy and its knobs."""

from __future__ import annotations

from models.cutoffs.policies.knobs import Knobs
from models.cutoffs.policies.registry import AskedPolicy


class BandOptions(Knobs):
    """The policy of one band with its knobs; those of other policies are not looked at."""

    policy: AskedPolicy | None = None
    """None takes the policy that holds for both bands."""
