"""The parts of an estimator, fitted on some rows: each kind of boosters, and the linear part."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.estimator.booster_inputs import CodeReader, RateReader
from models.estimator.boosters import MANY_CELLS, BoosterPart, OnStep, fit_boosters
from models.estimator.encoding import Encoding
from models.estimator.linear_part import TRIAL, LinearFitting, LinearPart
from models.estimator.linear_terms import Ridge
from models.estimator.options import EstimatorOptions, TreeShape
from models.estimator.ridge_choice import choose_ridge
from models.estimator.training_rows import TrainingRows, every_manieth_lead
from models.measures.lead_weights import lead_folds


@dataclass(frozen=True)
class FittedParts:
    """Boosters of each kind, the linear part, and the log-odds of each row by such as have not seen its lead.

    ``unseen`` has a column for each kind of boosters and one for the linear part; ``ridge`` is that of the linear part.
    """

    boosters: tuple[BoosterPart, ...]
    linear: LinearPart
    unseen: Floats
    ridge: Ridge


@dataclass(frozen=True)
class PartFitting:
    """How the parts are fitted on encoded rows."""

    encoding: Encoding
    options: EstimatorOptions
    seed: int
    on_step: OnStep
    ridge: Ridge | None = None

    def parts(self, rows: TrainingRows, *, folds: int) -> FittedParts:
        """Fit ``folds`` boosters of each kind and the linear part: side by side where there are many cells."""
        fold = lead_folds(rows.lead_ids, rows.y, folds=folds, seed=self.seed)
        many = rows.matrix.size >= MANY_CELLS and self.options.threads > 1
        lock, shapes = Lock(), list(enumerate(self.options.shapes))
        with ThreadPoolExecutor(self.options.threads if many else 1) as pool:

            def said(steps: int) -> None:
                with lock:
                    self.on_step(steps)

            def kind(number: int, shape: TreeShape) -> tuple[BoosterPart, Floats]:
                return self._boosters(rows, fold, number, shape, said, pool)

            if many:  # who waits for the pool takes no core, so all share it, and one fills the gaps of the others
                with ThreadPoolExecutor(len(shapes)) as side:
                    waiting = [side.submit(kind, number, shape) for number, shape in shapes]
                    linear, unseen_linear, ridge = self._linear(rows, fold, pool)
                    fits = [one.result() for one in waiting]
            else:
                fits = [kind(number, shape) for number, shape in shapes]
                linear, unseen_linear, ridge = self._linear(rows, fold, pool)
        unseen = np.column_stack([*(column for _, column in fits), unseen_linear])
        return FittedParts(tuple(part for part, _ in fits), linear, unseen, ridge)

    def _boosters(
        self,
        rows: TrainingRows,
        fold: NDArray[np.int64],
        number: int,
        shape: TreeShape,
        on_step: OnStep,
        pool: ThreadPoolExecutor,
    ) -> tuple[BoosterPart, Floats]:
        sizes = tuple(vocabulary.size for vocabulary in self.encoding.vocabularies)
        rates = RateReader(rows, sizes, self.options, self.seed) if shape.categories == "rates" else None
        return fit_boosters(
            CodeReader(rows.matrix) if rates is None else rates,
            rows.y,
            rows.weights,
            categories=len(sizes) if rates is None else 0,
            folds=fold,
            shape=shape,
            options=self.options,
            seed=self.seed + number,
            on_step=on_step,
            pool=pool,
            statistics=None if rates is None else rates.statistics(),
        )

    def _linear(
        self, rows: TrainingRows, fold: NDArray[np.int64], pool: ThreadPoolExecutor
    ) -> tuple[LinearPart, Floats, Ridge]:
        """Fit the linear part, and for each fold one that has not seen its leads."""
        few = every_manieth_lead(rows.lead_ids, most_rows=self.options.linear_rows)
        fitting, fold_of_few = self.prepared(rows if few.all() else rows.where(few)), fold[few]
        ridge = self.ridge or choose_ridge(fitting, rows.lead_ids[few], fold_of_few, options=self.options, pool=pool)
        whitening = fitting.whitening(ridge)

        def without(number: int) -> Floats:
            part = fitting.where(fold_of_few != number).fit(ridge, whitening, TRIAL)
            if few.all():
                return part.log_odds_of(fitting.design.where(fold == number))
            return part.log_odds(rows.matrix[fold == number])

        whole, numbers = pool.submit(fitting.fit, ridge, whitening), np.unique(fold).tolist()
        unseen = np.empty(len(rows.y))
        for number, log_odds in zip(numbers, pool.map(without, numbers), strict=True):
            unseen[fold == number] = log_odds
        return whole.result(), unseen, ridge

    def prepared(self, rows: TrainingRows) -> LinearFitting:
        """Make rows ready for the linear part, with fewer steps where there are few leads."""
        options = self.options
        steps = max(min(options.linear_steps, int(rows.weights.sum() / options.leads_per_step)), 1)
        return LinearFitting.of(rows.matrix, rows.y, rows.weights, encoding=self.encoding, steps=steps)
