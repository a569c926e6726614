"""How yes, no and numbers are written as text: one list, for what is let in and for what features read."""

from __future__ import annotations

YES = ("true", "t", "1", "1.0", "yes", "y", "ja", "j", "wahr")
NO = ("false", "f", "0", "0.0", "no", "n", "nein", "falsch")
"""Lower case, without the blanks around; any other word is neither yes nor no."""

BLANKS = " \t\n\r\v\f"
"""What is taken away around a word before it is looked up."""

NUMBER = r"^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
"""A number, as a regular expression that DuckDB, Spark and Python read alike."""
