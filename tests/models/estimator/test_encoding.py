from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalog.feature import Feature
from features.errors import InputError
from features.language.languages import Words
from models.estimator.encoding import Encoding, Vocabulary, fit_encoding


def feature(name, dtype):
    words = Words(de=name, en=name)
    return Feature(name, "fit", dtype, "", name, words, words, "")


FEATURES = (feature("size", "number"), feature("constant", "number"), feature("branch", "category"))


def table(branches, sizes=None):
    return pd.DataFrame(
        {
            "size": sizes if sizes is not None else np.arange(len(branches), dtype=float),
            "constant": 1.0,
            "branch": np.array(branches, dtype=object),
        }
    )


def encode(X, leads, **limits):
    options = {"min_leads": 2, "max_categories": 10} | limits
    return fit_encoding(X, np.array(leads), features=FEATURES, **options)


def test_codes_by_hand():
    # b: leads 1, 2, 3; a: leads 4, 5; c: two rows of lead 6, so one lead, so rare
    X = table(["b", "b", "b", "a", "a", "c", "c", None])
    encoding = encode(X, list("12345667"))
    assert encoding.columns == ("size", "branch")
    assert encoding.vocabularies == (Vocabulary("branch", ("b", "a"), rare=True),)
    codes = encoding.matrix(X)[:, 1]
    assert codes[:7].tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert np.isnan(codes[7])


def test_a_value_never_seen_is_rare_where_there_were_rare_ones_and_missing_elsewhere():
    with_rare = encode(table(["a", "a", "c"]), list("123"))
    assert with_rare.matrix(table(["new"]))[0, 1] == 1.0
    without = encode(table(["a", "a", "b", "b"]), list("1234"))
    assert np.isnan(without.matrix(table(["new"]))[0, 1])


def test_a_value_that_one_lead_had_is_not_stored():
    encoding = encode(table(["a", "a", "jane@doe.example"]), list("123"))
    assert "jane" not in str(encoding.to_json())


def test_the_least_frequent_categories_over_the_limit_are_rare():
    X = table(["a", "a", "a", "b", "b", "c", "c"])
    assert encode(X, list("1234567"), max_categories=2).vocabularies[0].known == ("a", "b")


def test_columns_that_never_vary_are_dropped_unless_they_are_sometimes_missing():
    X = table(["a", "a", "a"], sizes=[5.0, np.nan, 5.0])
    assert encode(X, list("123")).columns == ("size",)


def test_infinite_is_missing():
    X = table(["a", "b", "a"], sizes=[1.0, np.inf, 2.0])
    assert np.isnan(encode(X, list("123")).matrix(X)[1, 0])


def test_missing_and_yes_no_values_of_an_online_request_are_read():
    X = pd.DataFrame({"size": [True, None, False], "constant": 1.0, "branch": ["a", "b", None]}, dtype=object)
    sizes = encode(X, list("123"), min_leads=1).matrix(X)[:, 0]
    assert sizes[[0, 2]].tolist() == [1.0, 0.0]
    assert np.isnan(sizes[1])


def test_json_round_trip():
    encoding = encode(table(["b", "b", "a", "a", "c"]), list("12345"))
    assert Encoding.from_json(encoding.to_json()) == encoding


def test_a_missing_column_is_named():
    encoding = encode(table(["a", "b"]), list("12"), min_leads=1)
    with pytest.raises(InputError, match="expected a feature column branch"):
        encoding.matrix(table(["a"]).drop(columns="branch"))


def test_text_in_a_number_column_is_named():
    X = table(["a", "b"]).astype({"size": object})
    X.loc[1, "size"] = "many"
    with pytest.raises(InputError, match=r"features\.size: expected a number or nothing, found 'many'"):
        encode(X, list("12"))
