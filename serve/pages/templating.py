"""Templates and style sheet, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).resolve().parent / "templates"


@cache
def stylesheet() -> Markup:
    """Return the one style sheet; it stands inside every page as it is, or its hash would not fit."""
    return Markup((_FOLDER / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


@cache
def cutoffs_script() -> Markup:
    """Return the script of the page on cut-offs, as it is for the same reason."""
    return Markup((_FOLDER / "cutoffs.js").read_text(encoding="utf-8"))  # noqa: S704 - our own file


@cache
def environment() -> Environment:
    """Return the template environment: everything is escaped, and a missing value is an error."""
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
