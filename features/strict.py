"""What settings and answers are built on: an unknown key is an error, and nothing changes once it is read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A settings object: unknown keys are errors, nothing changes after it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
