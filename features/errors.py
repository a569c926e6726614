"""The one kind of error a user can mend: what was expected, what was found, where, and what to do."""

from __future__ import annotations


class InputError(ValueError):
    """Something the user gave cannot be used; shown without a traceback, exit code 2.

    Parameters
    ----------
    expected, found : str
        What leadscore needed and what it got, in words a user can act on.
    table, column, row : str or int, optional
        Where. ``row`` is counted from 1 without the header, or a lead id.
    hint : str, optional
        What to do next.

    Examples
    --------
    >>> print(InputError(expected="a number", found="'abc'", table="leads", column="employees", row=3))
    leads.employees, row 3: expected a number, found 'abc'
    """

    def __init__(
        self,
        *,
        expected: str,
        found: str,
        table: str | None = None,
        column: str | None = None,
        row: int | str | None = None,
        hint: str | None = None,
    ) -> None:
        self.expected, self.found = expected, found
        self.table, self.column, self.row, self.hint = table, column, row, hint
        super().__init__(str(self))

    def __str__(self) -> str:
        place = ".".join(part for part in (self.table, self.column) if part)
        if self.row is not None:
            place = f"{place}, row {self.row}" if place else f"row {self.row}"
        text = f"expected {self.expected}, found {self.found}"
        text = f"{place}: {text}" if place else text
        return f"{text}. {self.hint}" if self.hint else text
