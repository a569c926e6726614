"""What the model has to beat: the company's points, or naive Bayes where it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from features.source_spec import Exclusion
from models.arrays import Bools, Floats
from models.rules.conditions import all_hold, excluded_by
from models.rules.naive_bayes import NaiveBayes
from models.rules.points import PointsRules, score_points
from models.rules.sales_veto import Veto, vetoed


@dataclass(frozen=True)
class Baseline:
    """Rules, or a naive Bayes for each target; and who may be promoted at all.

    Attributes
    ----------
    rules : PointsRules or None
        The company's points.
    naive_bayes : mapping of str to NaiveBayes
        By target; what is compared with where there are no rules, and counted beside the rules where there are.
    exclusions : sequence of Exclusion
        Those of ``source.yaml``; the rules' own come on top.
    veto : Veto or None
        How long a rejection by sales holds.
    """

    rules: PointsRules | None
    naive_bayes: Mapping[str, NaiveBayes]
    exclusions: Sequence[Exclusion] = ()
    veto: Veto | None = None

    @property
    def kind(self) -> Literal["points", "naive_bayes"]:
        """Which of the two it is."""
        return "naive_bayes" if self.rules is None else "points"

    @property
    def name(self) -> str:
        """The baseline as the report calls it."""
        return "naive Bayes" if self.rules is None else "points"

    def score(self, X: pd.DataFrame, target: str) -> Floats:
        """Return points, or naive Bayes' log-odds of the target; more is better."""
        if self.rules is not None:
            return score_points(X, self.rules)["points"].to_numpy(dtype="float64")
        return self.naive_bayes_score(X, target)

    def naive_bayes_score(self, X: pd.DataFrame, target: str) -> Floats:
        """Return naive Bayes' log-odds of the target, rules or not; more is better."""
        return self.naive_bayes[target].log_odds(X)

    def excluded(self, X: pd.DataFrame) -> Bools:
        """Return which rows are never promoted, neither by the baseline nor by the model: by rule, or sales' veto."""
        rule_exclusions = self.rules.exclusions if self.rules is not None else ()
        by_rule = excluded_by(X, (*self.exclusions, *rule_exclusions)).notna().to_numpy(dtype=bool)
        return np.asarray(by_rule | vetoed(X, self.veto))

    def gates_open(self, X: pd.DataFrame) -> Bools:
        """Return which rows may become SAL; all, where there are no rules."""
        gates = self.rules.gates.SAL if self.rules is not None else ()
        return all_hold(X, gates).to_numpy(dtype=bool)
