"""Forward folds before the test: each trains as a run does, on what was known then, and is judged on later leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from features.families.feature_list import feature_list
from features.labelling.split_labels import split_labels
from features.time_units import from_micros
from models.estimator.fitting import Fitting
from models.estimator.options import EstimatorOptions
from models.evaluation.forward_folds import FOLDS, TargetFolds, fold_starts, judged_folds
from models.forecast.fit_forecast import fit_forecasts, fit_steps, predict_labelled
from models.forecast.training_sample import labels_to_learn_from
from pipeline.labels.follow_up import weighted
from pipeline.outputs.feature_rows import read_features_of_leads, read_looks_at_leads
from pipeline.outputs.ingested_tables import read_stages
from pipeline.outputs.labels_file import read_test_from
from pipeline.runner.progress import progress
from pipeline.runner.stages import StageContext


@dataclass(frozen=True)
class CrossValidated:
    """What the folds say of some settings.

    Attributes
    ----------
    starts : tuple of int
        When each fold's judged leads begin to come, in microseconds since 1970.
    until : int
        When the test begins, which is not looked at.
    targets : mapping of target to TargetFolds
    """

    starts: tuple[int, ...]
    until: int
    targets: Mapping[str, TargetFolds]

    def mean(self, target: str, measure: str = "log_loss") -> float:
        """Return a measure's mean over the folds: what a search makes small, or large."""
        return self.targets[target].mean(measure)


def cross_validated(
    context: StageContext, *, folds: int = FOLDS, options: EstimatorOptions | None = None, draws: int = 200
) -> CrossValidated:
    """Judge settings on later leads, several times, without a look at the test.

    Every fold is a run of its own at an earlier time: labels are those that were seen when its judged leads began to
    come (young ones by what was seen of them so far), and what became of the judged ones is what was known when the
    test began. So a search over many settings spends nothing of the test.

    Parameters
    ----------
    context : StageContext
        With the stages ``features`` and ``labels``; `pipeline.runner.finished_run.open_run` opens a run.
    folds : int
        How often; each costs about one training.
    options : EstimatorOptions, optional
        Knobs to try; those of the settings otherwise.
    draws : int
        Of the intervals.

    Raises
    ------
    InputError
        If there are too few leads or outcomes before the test.
    """
    settings, spec = context.settings, context.spec()
    options = options or settings.model
    tables, starts = [], []
    features = feature_list(spec, settings.features)
    with progress("cv", total=folds * fit_steps(spec, options)) as steps:
        for start, labels in _folds(context, folds):
            learned = labels_to_learn_from(labels, most_rows=options.most_rows, seed=settings.seed)
            judged = labels[labels["part"] == "test"]
            history = read_features_of_leads(context, pd.concat([learned["lead_id"], judged["lead_id"]]).unique())
            fitting = Fitting(features, options, settings.seed, steps.advance)
            fitted = fit_forecasts(history, learned, fitting, spec=spec, feature_options=settings.features)
            tables.append(predict_labelled(fitted.final, history, judged))
            starts.append(start)
    names: list[str] = sorted(spec.targets, key=lambda name: name != spec.primary_target)
    targets = {name: judged_folds(tables, name, draws=draws, seed=settings.seed) for name in names}
    return CrossValidated(tuple(starts), read_test_from(context), targets)


def _folds(context: StageContext, folds: int) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield each fold's start and labels: nothing in them was seen, or came, after the test began."""
    spec, stages, until = context.spec(), read_stages(context), read_test_from(context)
    looks = read_looks_at_leads(context)
    first = looks.groupby("lead_id")["as_of_us"].min()
    latest = until - max(target.horizon for target in spec.targets.values())  # of later ones too little is known
    starts = fold_starts(first, folds=folds, before_us=latest)
    for start, end in zip(starts, [*starts[1:], latest], strict=True):
        leads = first.index[first < end]
        shown = looks[looks["lead_id"].isin(leads) & (looks["as_of_us"] < until)]
        options = context.settings.split.model_copy(update={"test_from": start})
        labels = split_labels(shown, stages, spec, observed_until_us=until, options=options).labels
        if spec.follow_up == "promoted_only":
            labels, _ = weighted(labels, context, until_us=until)
        labels["as_of"], labels["outcome_at"] = (from_micros(labels[name]) for name in ("as_of_us", "outcome_us"))
        yield start, labels.drop(columns=["outcome_us", "how"], errors="ignore")
