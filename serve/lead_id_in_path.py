"""A lead id inside an address: any characters, slashes and line breaks too."""

from __future__ import annotations

from starlette.convertors import StringConvertor, register_url_convertor


class AnyIdConvertor(StringConvertor):
    """Takes what Starlette's own ``path`` takes, and line breaks."""

    regex = r"[\s\S]*"


def register_any_id() -> str:
    """Make the convertor known (routes are compiled when they are declared) and return its name."""
    register_url_convertor("any_id", AnyIdConvertor())
    return "any_id"


LEAD_ID = "{lead_id:" + register_any_id() + "}"
"""The part of a route that holds a lead id."""
