"""The parts of an estimator, fitted on some rows: each kind of boosters, and the linear part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.boosters import BoosterPart, OnStep, fit_boosters
from models.by_lead import lead_folds
from models.encoding import Encoding
from models.estimator_options import EstimatorOptions
from models.linear import LinearPart, fit_linear
from models.linear_design import Ridge
from models.linear_ridge import choose_ridge, unseen_log_odds
from models.log_odds import Floats
from models.rate_reader import CodeReader, RateReader
from models.training_rows import TrainingRows


@dataclass(frozen=True)
class FittedParts:
    """Boosters of each kind, the linear part, and the log-odds of each row by such as have not seen its lead."""

    boosters: tuple[BoosterPart, ...]
    linear: LinearPart
    unseen_trees: Floats
    unseen_linear: Floats


@dataclass(frozen=True)
class Fitting:
    """How the parts are fitted, whatever the rows."""

    encoding: Encoding
    options: EstimatorOptions
    seed: int
    on_step: OnStep

    def parts(self, rows: TrainingRows, *, folds: int) -> FittedParts:
        """Fit boosters of each kind, ``folds`` of each, and the linear part."""
        fold = lead_folds(rows.lead_ids, rows.y, folds=folds, seed=self.seed)
        sizes = tuple(vocabulary.size for vocabulary in self.encoding.vocabularies)
        rates = RateReader(rows, sizes, self.options, self.seed)
        boosters, unseen = [], np.zeros(len(rows.y))
        for number, shape in enumerate(self.options.shapes):
            as_rates = shape.categories == "rates"
            part, own_unseen = fit_boosters(
                rates if as_rates else CodeReader(rows.matrix),
                rows.y,
                rows.weights,
                categories=0 if as_rates else len(sizes),
                folds=fold,
                shape=shape,
                options=self.options,
                seed=self.seed + number,
                on_step=self.on_step,
                statistics=rates.statistics(rows) if as_rates else None,
            )
            boosters.append(part)
            unseen += own_unseen / len(self.options.shapes)
        ridge = choose_ridge(rows, fold, fit=self.linear, options=self.options)
        linear, unseen_linear = self.linear(rows, ridge), unseen_log_odds(rows, fold, fit=self.linear, ridge=ridge)
        return FittedParts(tuple(boosters), linear, unseen, unseen_linear)

    def linear(self, rows: TrainingRows, ridge: Ridge) -> LinearPart:
        """Fit the linear part, with fewer steps where there are few leads."""
        options = self.options
        steps = max(min(options.linear_steps, int(rows.weights.sum() / options.leads_per_step)), 1)
        return fit_linear(rows.matrix, rows.y, rows.weights, encoding=self.encoding, ridge=ridge, steps=steps)
