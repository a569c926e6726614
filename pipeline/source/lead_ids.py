"""Ids as tools write them, in one normal form: 0123, 123.0, ="00123", 1.23E+02 and {GUID} with blanks around."""

from __future__ import annotations

from dataclasses import dataclass

_BARE = r"""regexp_replace(trim(id::VARCHAR, ' ' || chr(9) || chr(10) || chr(13) || chr(160)),
    '^(=?"|=?''|\{)+|["''}]+$', '', 'g')"""
_WHOLE, _SCIENTIFIC = "[0-9]+([.,]0+)?", "[0-9]([.,][0-9]+)?[eE][+]?[0-9]{1,2}"

LEAD_ID_MACROS = (
    f"CREATE OR REPLACE TEMP MACRO bare_lead_id(id) AS {_BARE}",
    f"""CREATE OR REPLACE TEMP MACRO to_lead_id(id) AS CASE
    WHEN regexp_full_match(bare_lead_id(id), '{_WHOLE}')
        THEN coalesce(nullif(ltrim(regexp_replace(bare_lead_id(id), '[.,]0+$', ''), '0'), ''), '0')
    WHEN regexp_full_match(bare_lead_id(id), '{_SCIENTIFIC}')
        THEN try_cast(replace(bare_lead_id(id), ',', '.') AS DECIMAL(38, 0))::VARCHAR
    ELSE nullif(bare_lead_id(id), '') END""",
)
"""Statements that give a connection ``to_lead_id(id)``: the normal form of an id, which a source's SQL may use."""

WRITTEN_AS = {
    "a decimal point (123.0)": "regexp_full_match(bare_lead_id({id}), '[0-9]+[.,]0+')",
    "leading zeros (00123)": "regexp_full_match(bare_lead_id({id}), '0+[1-9][0-9]*([.,]0+)?')",
    'quotes of a spreadsheet (="00123")': "regexp_matches(trim({id}::VARCHAR), '^(=?\"|=?'')')",
    "scientific notation (1.23E+05)": f"regexp_full_match(bare_lead_id({{id}}), '{_SCIENTIFIC}')",
    "braces ({GUID})": r"regexp_matches(trim({id}::VARCHAR), '^\{')",
    "blanks around": "{id}::VARCHAR <> trim({id}::VARCHAR)",
}
"""Ways of writing an id that the normal form takes away, and the SQL that tells each."""


@dataclass(frozen=True)
class IdForm:
    """How ids have to be written so that those of two files are the same.

    Parameters
    ----------
    plain : bool
        Whether ``to_lead_id`` is needed.
    lower : bool
        Whether capitals and small letters are the same.
    first : int, optional
        Of ids of 15 and 18 characters: how many characters both have.
    """

    plain: bool = False
    lower: bool = False
    first: int | None = None

    def sql(self, column: str) -> str:
        """Return SQL that writes a column's ids in this form.

        Examples
        --------
        >>> IdForm(plain=True, first=15).sql('"Id"')
        'left(to_lead_id("Id"), 15)'
        >>> IdForm().sql('"Id"')
        '"Id"'
        """
        text = f"to_lead_id({column})" if self.plain else column
        text = f"left({text}, {self.first})" if self.first else text
        return f"lower({text})" if self.lower else text

    def with_form(self, other: IdForm) -> IdForm:
        """Return the form that does what both do."""
        return IdForm(self.plain or other.plain, self.lower or other.lower, self.first or other.first)


AS_WRITTEN = IdForm()
"""Ids are the same as they stand."""
