"""From which probability a lead is promoted to MQL and to SAL."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import ValidationError, model_validator

from features.errors import InputError
from features.source_spec import TargetName
from features.strict import Strict
from models.bands import PerBand
from models.cutoffs.policies.registry import PolicyName
from models.cutoffs.statement import NextQuarter, Promise
from models.rules.sales_veto import Veto


class Volume(Strict):
    """Leads a week that a cut-off was to promote over the calibration period, and that it does."""

    asked_per_week: float | None
    """None where something else than a number was asked for."""
    got_per_week: float

    @property
    def leads_per_week(self) -> float:
        """What another score has to promote to be compared: the number asked for, or what the cut-off gives."""
        return self.got_per_week if self.asked_per_week is None else self.asked_per_week


class BandStatement(Strict):
    """What the cut-off of one band says of itself."""

    policy: PolicyName
    asked: str
    """In words."""
    promise: Promise | None
    forward: float
    """The cut-off on the forward forecast's probability, with which past nights are judged; that of `Cutoffs` is on the
    final one's, and promotes as many."""
    raised_to_mql: bool
    """Whether the policy asked for a cut-off below that of MQL, and got MQL's."""
    next_quarter: NextQuarter


class BaselineCutoffs(Strict):
    """The cut-offs of what the model is compared with, on that baseline's own scale."""

    kind: Literal["points", "naive_bayes"]
    mql: float
    sal: float
    mql_per_week: float
    sal_per_week: float

    @property
    def at(self) -> PerBand[float]:
        """Both cut-offs."""
        return PerBand(self.mql, self.sal)


class Cutoffs(Strict):
    """Cut-offs on the calibrated probability of one target; ``version`` names exactly these."""

    target: TargetName
    mql: float
    sal: float
    policy: PolicyName | Literal["by_stage"]
    """``by_stage`` where MQL and SAL have each their own; their statements name them."""
    weeks: float
    """Length of the calibration period that volumes are counted over."""
    mql_volume: Volume
    sal_volume: Volume
    baseline: BaselineCutoffs
    confidence: float = 0.9
    """Of promises and of what is stated of the next quarter."""
    mql_statement: BandStatement | None = None
    sal_statement: BandStatement | None = None
    veto: Veto | None = None
    """How long a rejection by sales holds; None never."""
    version: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Cutoffs:
        if self.mql > self.sal:
            raise ValueError(f"the cut-off for MQL ({self.mql:g}) must not exceed the one for SAL ({self.sal:g})")
        return self

    @property
    def at(self) -> PerBand[float]:
        """Both cut-offs."""
        return PerBand(self.mql, self.sal)

    @property
    def volumes(self) -> PerBand[Volume]:
        """What both promote."""
        return PerBand(self.mql_volume, self.sal_volume)

    @property
    def statements(self) -> PerBand[BandStatement | None]:
        """What both say of themselves."""
        return PerBand(self.mql_statement, self.sal_statement)

    def with_version(self) -> Cutoffs:
        """Return the same cut-offs named by a hash of all they say."""
        text = json.dumps(self.model_dump(mode="json", exclude={"version"}), sort_keys=True)
        return self.model_copy(update={"version": hashlib.sha256(text.encode()).hexdigest()[:12]})

    @classmethod
    def read(cls, text: str) -> Cutoffs:
        """Read what was written as JSON, and hold the values against the version that names them.

        Raises
        ------
        InputError
            If it is none of this version of leadscore, or a value was changed after it was named.
        """
        try:
            cutoffs = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            problem = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
            expected = "cut-offs of this version of leadscore"
            raise InputError(expected=expected, found=problem, table="cutoffs.json") from None
        version = cutoffs.with_version().version
        if cutoffs.version != version:
            raise InputError(
                expected=f"cut-offs whose values have the version that they name ({cutoffs.version})",
                found=f"values of version {version}",
                table="cutoffs.json",
                hint="The file was changed by hand. Put it back, or run 'leadscore cutoffs' again",
            )
        return cutoffs
