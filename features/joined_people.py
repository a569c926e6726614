"""How ``source.yaml`` says which leads are one person."""

from __future__ import annotations

from pydantic import Field

from features.strict import Strict


class Dedupe(Strict):
    """Leads that share a value of one of these columns are one lead with the facts of all."""

    by: tuple[str, ...] = Field(min_length=1)
    """Columns of ``leads.sql``, declared under ``fit`` or not: e-mail address, phone number, customer number."""
