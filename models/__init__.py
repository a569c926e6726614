"""Models: tables in, numbers out. Points, the forecast and its reasons, cut-offs, and what they are worth."""

from typing import TYPE_CHECKING

from features.first_use import at_first_use

if TYPE_CHECKING:
    from models.baseline import Baseline
    from models.bootstrap import Comparison, Interval, compare, interval
    from models.by_lead import lead_folds, lead_weights
    from models.calibration import Calibration, fit_calibration
    from models.carry_over import carry_over, carry_pair
    from models.conversion import Conversion, convert
    from models.cutoff_change import CutoffChange, compare_cutoffs
    from models.cutoff_evidence import BandEvidence, CutoffEvidence
    from models.cutoff_statement import BandStatement, NextQuarter, Promise, Stated
    from models.cutoffs import Counting, Cutoffs, band, choose_thresholds
    from models.estimator import Estimator, Training
    from models.estimator_options import EstimatorOptions
    from models.expected_value import (
        expected_value_per_week,
        most_valuable,
        net_benefit,
        net_benefit_curve,
    )
    from models.first_passages import FirstPassages
    from models.fit_estimator import fit_estimator
    from models.fit_forecast import (
        FittedForecast,
        fit_forecast,
        fit_forecasts,
        labelled_rows,
        predict_fitted,
        predict_labelled,
    )
    from models.fit_target import FittedTarget, fit_target
    from models.forecast import Explanation, Forecast
    from models.grades import Grades, fit_grades
    from models.log_odds import log_odds_to_probability, probability_to_log_odds
    from models.metrics import Scored, metric_values
    from models.naive_bayes import NaiveBayes, fit_naive_bayes
    from models.next_quarter import Moves, moves_of, state_next_quarter
    from models.past_volumes import PastVolumes
    from models.points import PointsRules, score_points
    from models.points_reasons import PointsReason, points_reasons
    from models.policies import Chosen, Compared, choose_cutoff, choose_pair
    from models.policy_options import BandOptions, Capacity, DealValue
    from models.promised_precision import best_promise, keep_promise
    from models.reasons import Reason, reasons
    from models.same_as_points import same_precision, same_recall
    from models.saved_form import from_files, to_files
    from models.scoring import model_version, score_rows
    from models.target_model import TargetModel
    from models.timing import Timing, fit_timing
    from models.verdict import beats_baseline
    from models.veto import Veto, vetoed
else:
    __getattr__ = at_first_use(__name__)

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
    "Conversion",
    "Counting",
    "CutoffChange",
    "CutoffEvidence",
    "Cutoffs",
    "DealValue",
    "Estimator",
    "EstimatorOptions",
    "Explanation",
    "FirstPassages",
    "FittedForecast",
    "FittedTarget",
    "Forecast",
    "Grades",
    "Interval",
    "Moves",
    "NaiveBayes",
    "NextQuarter",
    "PastVolumes",
    "PointsReason",
    "PointsRules",
    "Promise",
    "Reason",
    "Scored",
    "Stated",
    "TargetModel",
    "Timing",
    "Training",
    "Veto",
    "band",
    "beats_baseline",
    "best_promise",
    "carry_over",
    "carry_pair",
    "choose_cutoff",
    "choose_pair",
    "choose_thresholds",
    "compare",
    "compare_cutoffs",
    "convert",
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
    "interval",
    "keep_promise",
    "labelled_rows",
    "lead_folds",
    "lead_weights",
    "log_odds_to_probability",
    "metric_values",
    "model_version",
    "most_valuable",
    "moves_of",
    "net_benefit",
    "net_benefit_curve",
    "points_reasons",
    "predict_fitted",
    "predict_labelled",
    "probability_to_log_odds",
    "reasons",
    "same_precision",
    "same_recall",
    "score_points",
    "score_rows",
    "state_next_quarter",
    "to_files",
    "vetoed",
]
