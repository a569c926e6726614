"""The one list of columns: name, family, type, unit, words and definition of each, and how it is read."""

from __future__ import annotations

from functools import lru_cache

from features.catalog.feature import Feature
from features.errors import InputError
from features.families import account, behaviour, fit, journey, source_rates
from features.families.measure import Column
from features.source_spec import FeatureOptions, SourceSpec


def all_columns(spec: SourceSpec, options: FeatureOptions) -> tuple[Column, ...]:
    """Return the columns of a source, in the order of a feature row.

    Raises
    ------
    InputError
        If a half-life is not longer than 0.
    """
    return _listed(spec.model_dump_json(by_alias=True), options)


@lru_cache(maxsize=32)
def _listed(spec_json: str, options: FeatureOptions) -> tuple[Column, ...]:
    if any(half_life <= 0 for half_life in options.half_lives):
        raise InputError(expected="half-lives longer than 0", found="a shorter one", table="features.half_lives")
    spec = SourceSpec.model_validate_json(spec_json)
    families = (fit, behaviour, journey, account, source_rates)
    return tuple(column for family in families for column in family.columns(spec, options))


def feature_list(spec: SourceSpec, options: FeatureOptions) -> tuple[Feature, ...]:
    """Return the features of a source, in the order of the columns of a feature row.

    Parameters
    ----------
    spec : SourceSpec
        Its fit columns, event families, ladder and primary target.
    options : FeatureOptions
        Windows and half-lives.
    """
    return tuple(column.feature for column in all_columns(spec, options))
