"""What a user would take instead, for the trials of the ablation: each returns log-odds of the test rows."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pandas as pd
from ablation_funnels import Trial

from models.log_odds import probability_to_log_odds

LAST_FIFTH = 0.8


def base_rate(trial: Trial) -> np.ndarray:
    """Return the log-odds of the smoothed rate for every row."""
    return np.full(len(trial.X_test), probability_to_log_odds((trial.y.sum() + 0.5) / (len(trial.y) + 1.0)))


def logistic(trial: Trial) -> np.ndarray:
    """Return what scikit-learn's logistic regression says, with medians, standard scores and one column a value."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    values = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20)
    encoder = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (values, make_column_selector(dtype_exclude="number")),
    )
    model = make_pipeline(encoder, LogisticRegression(max_iter=2000, C=0.3))
    return np.asarray(model.fit(filled(trial.X), trial.y).decision_function(filled(trial.X_test)))


def naive_bayes(trial: Trial) -> np.ndarray:
    """Return naive Bayes on values, numbers by tenths; counts start at 0.1, values never seen are skipped."""
    edges = {}
    for name in trial.X.select_dtypes("number"):
        if trial.X[name].nunique() > 12:
            edges[name] = np.unique(trial.X[name].quantile(np.linspace(0.1, 0.9, 9)))
    old, new = (
        pd.DataFrame({n: np.digitize(X[n], edges[n]) if n in edges else X[n].astype(str) for n in X}, index=X.index)
        for X in (filled(trial.X), filled(trial.X_test))
    )
    score = np.full(len(new), np.log((trial.y.sum() + 0.1) / ((1 - trial.y).sum() + 0.1)))
    for name in old:
        counts = pd.DataFrame({"value": old[name], "y": trial.y}).groupby("value")["y"].agg(["sum", "count"])
        won, lost = counts["sum"] + 0.1, counts["count"] - counts["sum"] + 0.1
        odds = np.log(won / won.sum()) - np.log(lost / lost.sum())
        score += new[name].map(odds).fillna(0.0).to_numpy(dtype=float)
    return score


def lightgbm_default(trial: Trial) -> np.ndarray:
    """Return what LightGBM says as it comes."""
    from lightgbm import LGBMClassifier

    X, X_test = as_categories(trial)
    model = LGBMClassifier(verbose=-1, random_state=0, n_jobs=1).fit(X, trial.y.astype(int))
    return np.asarray(model.predict_proba(X_test, raw_score=True))


def lightgbm_early_stop(trial: Trial) -> np.ndarray:
    """Return what slower LightGBM says, stopped and calibrated (isotonic) on the newest fifth."""
    import lightgbm
    from sklearn.isotonic import IsotonicRegression

    (X, X_test), y, cut = as_categories(trial), trial.y.astype(int), int(len(trial.y) * LAST_FIFTH)
    model = lightgbm.LGBMClassifier(
        n_estimators=3000,
        learning_rate=0.03,
        num_leaves=15,
        min_child_samples=40,
        colsample_bytree=0.6,
        subsample=0.8,
        subsample_freq=1,
        verbose=-1,
        random_state=0,
        n_jobs=1,
    )
    stop = [lightgbm.early_stopping(100, verbose=False)]
    model.fit(X[:cut], y[:cut], eval_X=(X[cut:],), eval_y=(y[cut:],), eval_metric="logloss", callbacks=stop)
    isotonic = IsotonicRegression(out_of_bounds="clip", y_min=1e-4, y_max=1 - 1e-4)
    isotonic.fit(model.predict_proba(X[cut:])[:, 1], y[cut:])
    return probability_to_log_odds(isotonic.predict(model.predict_proba(X_test)[:, 1]))


def catboost(trial: Trial) -> np.ndarray:
    """Return what CatBoost says as it comes (it must be installed)."""
    from catboost import CatBoostClassifier, Pool

    names = list(trial.X.select_dtypes(exclude="number"))
    model = CatBoostClassifier(verbose=0, random_seed=0, allow_writing_files=False, thread_count=1)
    model.fit(filled(trial.X), trial.y.astype(int), cat_features=names)
    return np.asarray(model.predict(Pool(filled(trial.X_test), cat_features=names), prediction_type="RawFormulaVal"))


PEERS = {
    "base rate": base_rate,
    "logistic regression": logistic,
    "naive Bayes": naive_bayes,
    "LightGBM": lightgbm_default,
    "LightGBM, stopped early": lightgbm_early_stop,
    "CatBoost": catboost,
}


def installed(package: str) -> bool:
    """Say whether a package can be imported."""
    return find_spec(package) is not None


def as_categories(trial: Trial) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables with the values of training as categories; values never seen are missing."""
    X, X_test = filled(trial.X), filled(trial.X_test)
    for name in X.select_dtypes(exclude="number"):
        known = pd.CategoricalDtype(X[name].unique().tolist())
        X[name] = X[name].astype(known)
        X_test[name] = X_test[name].where(X_test[name].isin(known.categories)).astype(known)
    return X, X_test


def filled(X: pd.DataFrame) -> pd.DataFrame:
    """Return the table with missing texts said aloud, and times as texts."""
    others = X.select_dtypes(exclude="number")
    texts = {str(name): X[name].astype(object).where(X[name].notna(), "?").astype(str) for name in others}
    return X.assign(**texts)
