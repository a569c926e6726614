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
from models.estimator.linear_part import LinearFitting, LinearPart
from models.estimator.options import EstimatorOptions, TreeShape
from models.estimator.ridge_choice import choose_ridge, unseen_log_odds
from models.estimator.training_rows import TrainingRows
from models.measures.lead_weights import lead_folds

TRIAL_ROUNDS = 25
"""Rounds of the optimiser by which two ridges can be told apart."""


@dataclass(frozen=True)
class FittedParts:
    """Boosters of each kind, the linear part, and the log-odds of each row by such as have not seen its lead.

    ``unseen`` has a column for each kind of boosters and one for the linear part.
    """

    boosters: tuple[BoosterPart, ...]
    linear: LinearPart
    unseen: Floats


@dataclass(frozen=True)
class PartFitting:
    """How the parts are fitted on encoded rows."""

    encoding: Encoding
    options: EstimatorOptions
    seed: int
    on_step: OnStep

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

            if many:  # what waits for the pool takes no core, so the kinds share it and the linear part fills the gaps
                with ThreadPoolExecutor(len(shapes)) as side:
                    waiting = [side.submit(kind, number, shape) for number, shape in shapes]
                    linear, unseen_linear = self._linear(rows, fold)
                    fits = [one.result() for one in waiting]
            else:
                fits = [kind(number, shape) for number, shape in shapes]
                linear, unseen_linear = self._linear(rows, fold)
        unseen = np.column_stack([*(column for _, column in fits), unseen_linear])
        return FittedParts(tuple(part for part, _ in fits), linear, unseen)

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
            statistics=None if rates is None else rates.statistics(rows),
        )

    def _linear(self, rows: TrainingRows, fold: NDArray[np.int64]) -> tuple[LinearPart, Floats]:
        ridge = choose_ridge(rows, fold, prepare=self.prepared, rounds=TRIAL_ROUNDS, options=self.options)
        return self.prepared(rows).fit(ridge), unseen_log_odds(rows, fold, prepare=self.prepared, ridge=ridge)

    def prepared(self, rows: TrainingRows) -> LinearFitting:
        """Make rows ready for the linear part, with fewer steps where there are few leads."""
        options = self.options
        steps = max(min(options.linear_steps, int(rows.weights.sum() / options.leads_per_step)), 1)
        return LinearFitting.of(rows.matrix, rows.y, rows.weights, encoding=self.encoding, steps=steps)
