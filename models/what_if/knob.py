"""How one thing that can be asked about cut-offs is called by the command, the API, the page and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # whoever shows the command's help must not wait for what bands need to count
    from models.bands import Band

Unit = Literal["leads a week", "share", "people", "minutes", "hours a week", "money"]
Group = Literal["volume", "times", "money"]
Limit = Literal["capacity", "promise", "value", "mql", "in_force"]
"""What decided on the cut-off for SAL; ``mql``: it may not lie below the one for MQL."""


@dataclass(frozen=True, kw_only=True)
class Knob:
    """The names of one field of a `models.what_if.question.Question`; in the API it is called as the field is.

    Attributes
    ----------
    flag : str
        Option of the command.
    form : str
        Field of the page.
    unit : str
        ``leads a week`` may be given to the command as ``120/week``; a ``share`` is typed in percent on the page.
    group : str
        Part of the page's form.
    help : bool
        Whether the form says more below the field. The words are the page's sentences ``ask_FORM``, ``ask_FORM_help``.
    band : str, optional
        The band whose leads a week it is: its slider ends where all that may be promoted are.
    slider_to : float, optional
        End of the slider in the unit of the form; without it and without ``band`` there is none.
    adopts : str, optional
        Key below ``cutoffs`` in the settings that takes the value.
    rule : str, optional
        What must have decided on SAL for the settings to take it; None takes it whenever it is given.
    """

    flag: str
    form: str
    unit: Unit
    group: Group
    help: bool = False
    band: Band | None = None
    slider_to: float | None = None
    adopts: str | None = None
    rule: Limit | None = None

    @property
    def form_unit(self) -> float:
        """What one unit of the page's form is worth in a question."""
        return 0.01 if self.unit == "share" else 1.0
