"""How nothing, yes, no and numbers are written as text: one list, for what is let in and for what features read."""

from __future__ import annotations

from collections.abc import Sequence

YES = ("true", "t", "1", "1.0", "yes", "y", "ja", "j", "wahr", "on", "x")
NO = ("false", "f", "0", "0.0", "no", "n", "nein", "falsch", "off")
"""Lower case, without the blanks around; any other word is neither yes nor no."""

NOTHING = (
    *("null", "(null)", "<null>", "none", "(none)", "nil", "nan", "nat", "\\n", "undefined", "(blank)", "(leer)"),
    *("n/a", "#n/a", "#n/v", "#nv", "k. a.", "k.a.", "keine angabe", "ohne angabe", "nicht angegeben"),
    *("-", "--", "---", "–", "—", "?", "unknown", "(unknown)", "unbekannt", "not specified", "not available"),
)
"""Words that stand for a missing value; lower case, without the blanks around. `NA` alone is also a country."""

NOTHING_AMONG_FIGURES = ("na", "#value!", "#wert!", "#ref!", "#bezug!", "#div/0!")
"""Words that stand for a missing value in a column of numbers, times, or yes and no."""

BLANKS = " \t\n\r\v\f"
"""What is taken away around a word before it is looked up."""

NUMBER = r"^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
"""A number, as a regular expression that DuckDB, Spark and Python read alike."""


def is_nothing(text: str, *, declared: Sequence[str] | None = None, figures: bool = False) -> bool:
    """Return whether a text stands for a missing value.

    Parameters
    ----------
    text : str
        A value as written.
    declared : sequence of str, optional
        The values that the source lists for this column: a word among them is a value.
    figures : bool
        Whether the column holds numbers, times, or yes and no.

    Examples
    --------
    >>> is_nothing(" k. A."), is_nothing("unknown", declared=("unknown", "known")), is_nothing("NA")
    (True, False, False)
    >>> is_nothing("NA", figures=True), is_nothing(" ")
    (True, True)
    """
    word = text.strip(BLANKS).lower()
    if declared is not None and text in declared:
        return False
    return word == "" or word in NOTHING or (figures and word in NOTHING_AMONG_FIGURES)
