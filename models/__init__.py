"""Models: tables in, numbers out. Points, the forecast and its reasons, cut-offs, and what they are worth."""

from models.baseline import Baseline
from models.bootstrap import Comparison, Interval, compare, interval
from models.by_lead import lead_folds, lead_weights
from models.calibration import Calibration, fit_calibration
from models.compiled_points import CompiledPoints, compile_points
from models.conversion import Conversion, convert
from models.cutoffs import Cutoffs, band, choose_thresholds
from models.estimator import Estimator, Training
from models.estimator_options import EstimatorOptions
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
from models.points import PointsRules, score_points
from models.points_gain import gain_kept
from models.points_reasons import PointsReason, points_reasons
from models.reasons import Reason, reasons
from models.saved_form import from_files, to_files
from models.scoring import model_version, score_rows
from models.target_model import TargetModel
from models.timing import Timing, fit_timing
from models.verdict import beats_baseline

__all__ = [
    "Baseline",
    "Calibration",
    "Comparison",
    "CompiledPoints",
    "Conversion",
    "Cutoffs",
    "Estimator",
    "EstimatorOptions",
    "Explanation",
    "FittedForecast",
    "FittedTarget",
    "Forecast",
    "Grades",
    "Interval",
    "NaiveBayes",
    "PointsReason",
    "PointsRules",
    "Reason",
    "Scored",
    "TargetModel",
    "Timing",
    "Training",
    "band",
    "beats_baseline",
    "choose_thresholds",
    "compare",
    "compile_points",
    "convert",
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
    "labelled_rows",
    "lead_folds",
    "lead_weights",
    "log_odds_to_probability",
    "metric_values",
    "model_version",
    "points_reasons",
    "predict_fitted",
    "predict_labelled",
    "probability_to_log_odds",
    "reasons",
    "score_points",
    "score_rows",
    "to_files",
]
