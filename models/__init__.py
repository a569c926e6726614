"""Models: tables in, numbers out. Points, the forecast and its reasons, cut-offs, and what they are worth."""

from typing import TYPE_CHECKING

from features.lazy_exports import at_first_use, listed_names

if TYPE_CHECKING:
    from models.bands import PerBand, band_of, may_enter, passes, rows_that_may_enter
    from models.calibration.intercept_and_slope import Calibration, fit_calibration
    from models.compiled_points.gain_kept import gain_kept
    from models.compiled_points.table import CompiledPoints, compile_points
    from models.cutoffs.carry_over_by_volume import carry_over, carry_pair
    from models.cutoffs.choose import choose_cutoff, choose_pair
    from models.cutoffs.counting import Counting
    from models.cutoffs.cutoffs import BandStatement, Cutoffs
    from models.cutoffs.evidence import BandEvidence, cutoff_evidence
    from models.cutoffs.first_promotions import FirstPassages
    from models.cutoffs.next_quarter import Moves, moves_of, state_next_quarter
    from models.cutoffs.policies.expected_value import (
        expected_value_per_week,
        most_valuable,
        net_benefit,
        net_benefit_curve,
    )
    from models.cutoffs.policies.knobs import Capacity, DealValue
    from models.cutoffs.policies.policy import Chosen, Compared
    from models.cutoffs.policies.promised_precision import best_promise, keep_promise
    from models.cutoffs.policies.same_as_points import same_precision, same_recall
    from models.cutoffs.policy_options import BandOptions
    from models.cutoffs.statement import NextQuarter, Promise, Stated
    from models.cutoffs.thresholds import choose_thresholds
    from models.cutoffs.weekly_volumes import PastVolumes
    from models.estimator.estimator import Estimator, Training
    from models.estimator.fit_estimator import fit_estimator
    from models.estimator.fitting import Fitting
    from models.estimator.options import EstimatorOptions
    from models.estimator.training_rows import Rows
    from models.evaluation.beats_baseline import beats_baseline
    from models.evaluation.stage_conversion import Conversion, convert
    from models.forecast.fit_forecast import (
        FittedForecast,
        fit_forecast,
        fit_forecasts,
        labelled_rows,
        predict_fitted,
        predict_labelled,
    )
    from models.forecast.fit_target import FittedTarget, fit_target
    from models.forecast.forecast import Forecast
    from models.forecast.forecast_rows import Explanation
    from models.forecast.grades import Grades, fit_grades
    from models.forecast.saved_form import from_files, to_files
    from models.forecast.target_model import TargetModel
    from models.forecast.time_to_outcome import Timing, fit_timing
    from models.log_odds import log_odds_to_probability, probability_to_log_odds
    from models.measures.bootstrap import Comparison, Interval, compare, interval
    from models.measures.lead_weights import even_weights, lead_folds
    from models.measures.metrics import Scored, metric_values
    from models.rules.baseline import Baseline
    from models.rules.naive_bayes import NaiveBayes, fit_naive_bayes
    from models.rules.points import PointsRules, score_points
    from models.rules.points_reasons import PointsReason, points_reasons
    from models.rules.sales_veto import Veto, vetoed
    from models.scoring.reason import Reason
    from models.scoring.reasons import reasons
    from models.scoring.score_rows import model_version, score_rows
    from models.what_if.cutoff_change import CutoffChange, compare_cutoffs
else:
    __getattr__, __dir__ = at_first_use(__name__), listed_names(__name__)

__all__ = [
    "BandEvidence",
    "BandOptions",
    "BandStatement",
    "Baseline",
    "Calibration",
    "Capacity",
    "Chosen",
    "Compared",
    "Comparison",
    "CompiledPoints",
    "Conversion",
    "Counting",
    "CutoffChange",
    "Cutoffs",
    "DealValue",
    "Estimator",
    "EstimatorOptions",
    "Explanation",
    "FirstPassages",
    "FittedForecast",
    "FittedTarget",
    "Fitting",
    "Forecast",
    "Grades",
    "Interval",
    "Moves",
    "NaiveBayes",
    "NextQuarter",
    "PastVolumes",
    "PerBand",
    "PointsReason",
    "PointsRules",
    "Promise",
    "Reason",
    "Rows",
    "Scored",
    "Stated",
    "TargetModel",
    "Timing",
    "Training",
    "Veto",
    "band_of",
    "beats_baseline",
    "best_promise",
    "carry_over",
    "carry_pair",
    "choose_cutoff",
    "choose_pair",
    "choose_thresholds",
    "compare",
    "compare_cutoffs",
    "compile_points",
    "convert",
    "cutoff_evidence",
    "even_weights",
    "expected_value_per_week",
    "fit_calibration",
    "fit_estimator",
    "fit_forecast",
    "fit_forecasts",
    "fit_grades",
    "fit_naive_bayes",
    "fit_target",
    "fit_timing",
    "from_files",
    "gain_kept",
    "interval",
    "keep_promise",
    "labelled_rows",
    "lead_folds",
    "log_odds_to_probability",
    "may_enter",
    "metric_values",
    "model_version",
    "most_valuable",
    "moves_of",
    "net_benefit",
    "net_benefit_curve",
    "passes",
    "points_reasons",
    "predict_fitted",
    "predict_labelled",
    "probability_to_log_odds",
    "reasons",
    "rows_that_may_enter",
    "same_precision",
    "same_recall",
    "score_points",
    "score_rows",
    "state_next_quarter",
    "to_files",
    "vetoed",
]
