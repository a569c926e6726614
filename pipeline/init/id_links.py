"""Which column of one file holds the ids of another: decided by their values, in one normal form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.source.lead_ids import WRITTEN_AS, IdForm
from pipeline.source.sql import identifier

MOST_VALUES = 5_000
"""Different ids of a column that are compared."""
_SUFFIX = 3
_FULL, _WEAK = 0.8, 0.2
_REFERENCE = re.compile(
    r"(.*[^a-z])?(lead|contact|kontakt|who|person|prospect|interessent|user|visitor|client|kunde|customer|record|"
    r"applicant|mql|anfrage|parent|related|subject|regarding|member)([^a-z].*)?"
    r"|.*(lead|contact|kontakt)[_ -]?(id|nr|key).*"
)
_ID_NAME = re.compile(r"(.*[^a-z])?(id|key|nr|no|nummer|number|guid|uuid|vid)|.*id")


@dataclass(frozen=True)
class Link:
    """A column whose values are another file's ids.

    Parameters
    ----------
    look, column : FileLook, ColumnLook
        The column that refers.
    share : float
        Share of its different values that stand among the ids, 0 to 1.
    ids : int
        Its different values.
    form : IdForm
        In which form they are the same.
    """

    look: FileLook
    column: ColumnLook
    share: float
    ids: int
    form: IdForm

    @property
    def holds(self) -> bool:
        """Whether the column is a reference: nearly all its values stand there, or more than chance would put there."""
        if self.share >= _FULL:
            return not self._may_be_chance or is_reference_name(self.column.name)
        return self.share >= _WEAK and not self._may_be_chance

    @property
    def _may_be_chance(self) -> bool:
        """Whether the values are small counts, of which any file of numbered rows holds many."""
        return self.column.kind == "number" and not is_id_name(self.column.name)


def plain_name(name: str) -> str:
    """Return a heading with its words apart, in lower case.

    Examples
    --------
    >>> plain_name("WhoId")
    'who_id'
    """
    return re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", "_", name).strip().lower()


def is_id_name(name: str) -> bool:
    """Whether a heading ends as those of ids do."""
    return bool(_ID_NAME.fullmatch(plain_name(name)))


def is_reference_name(name: str) -> bool:
    """Whether a heading speaks of a lead or a person."""
    return bool(_REFERENCE.fullmatch(plain_name(name)))


def may_hold_ids(column: ColumnLook) -> bool:
    """Whether the values of a column can be ids: no times, flags, amounts or sentences."""
    if column.kind not in ("text", "number", "email") or column.values < 2:
        return False
    sample = column.common[:50]
    if column.kind == "number":
        return all(
            re.fullmatch(r"\s*(=?[\"'])?\d+([.,]0+)?[\"']?\s*|\d([.,]\d+)?[eE]\+?\d+", value) for value in sample
        )
    return sum(len(value) > 60 or value.count(" ") > 2 for value in sample) <= 0.1 * len(sample)


def key_columns(look: FileLook) -> list[ColumnLook]:
    """Return the columns with one value a row; a value may repeat in a few rows, which are rejected later."""
    return [
        column
        for column in look.columns
        if may_hold_ids(column)
        and column.filled >= 0.95 * look.rows
        and column.filled - column.values <= max(0.02 * column.filled, 1 if column.filled > 20 else 0)
    ]


def links(
    files: LoadedFiles, look: FileLook, key: ColumnLook, others: Iterable[FileLook], *, least: float = _WEAK
) -> list[Link]:
    """Return, of each other file, the column that best refers to ``key``; only of those files that have one."""
    found = []
    for other in others:
        candidates = [link for column in other.columns if (link := link_of(files, look, key, other, column))]
        holding = [link for link in candidates if link.holds and link.share >= least]
        if holding and not any(is_looked_up(files, look, key, link) for link in holding):
            found.append(max(holding, key=lambda link: _strength(link, key)))
    return found


def is_looked_up(files: LoadedFiles, look: FileLook, key: ColumnLook, link: Link) -> bool:
    """Whether a file is a list that ``look`` refers to, such as campaigns: its own numbers happen to be ids as well."""
    return link.column.values == link.look.rows and reference_to(files, look, key, link.look, link.column) is not None


def reference_to(
    files: LoadedFiles, look: FileLook, key: ColumnLook, other: FileLook, column: ColumnLook
) -> ColumnLook | None:
    """Return the column of ``look``, no key, whose repeated values are all ids of another file; or None."""
    for own in look.columns:
        if own is key or own.values >= own.filled or not is_id_name(own.name) or not may_hold_ids(own):
            continue
        back = link_of(files, other, column, look, own)
        if back is not None and back.share >= 0.95 and back.ids >= 0.3 * column.values:
            return own
    return None


def _strength(link: Link, key: ColumnLook) -> tuple[bool, bool, bool, float, int]:
    """Order the references of one file: most values there, then a name that speaks of a lead, then most ids."""
    name, full = link.column.name, link.share >= _FULL
    serial = link.column.values == link.look.rows and plain_name(name) in ("id", "key", "nr", "number", "row")
    same = name == key.name and not serial
    return full, not serial, same or is_reference_name(name), round(link.share, 1), link.ids


def link_of(files: LoadedFiles, look: FileLook, key: ColumnLook, other: FileLook, column: ColumnLook) -> Link | None:
    """Compare two columns in the weakest form in which most values agree; None if no value of ``column`` is an id."""
    if not may_hold_ids(column):
        return None
    left, right = identifier(key.name), identifier(column.name)
    forms = {"as": IdForm(), "plain": IdForm(plain=True), "lower": IdForm(plain=True, lower=True)}
    if key.kind != "number" or column.kind != "number":
        first = _shared_length(files, look, key, other, column)
        forms |= {"first": IdForm(plain=True, first=first)} if first else {}
    sets = ", ".join(f"{name} AS (SELECT DISTINCT {form.sql(left)}::VARCHAR AS v FROM {files.table(look)})"
                     for name, form in (("k_" + n, f) for n, f in forms.items()))  # fmt: skip
    shares = ", ".join(
        f"avg((({form.sql('v')})::VARCHAR IN (SELECT v FROM k_{name}))::INT)" for name, form in forms.items()
    )
    ids, *found = files.row(
        f"WITH {sets} SELECT count(*), {shares} FROM (SELECT v FROM (SELECT DISTINCT {right}::VARCHAR AS v "
        f"FROM {files.table(other)}) WHERE trim(v) <> '' ORDER BY hash(v), v LIMIT {MOST_VALUES})"
    )
    by_form = [(float(share or 0), form) for share, form in zip(found, forms.values(), strict=True)]
    best = max(share for share, _ in by_form)
    if best == 0:
        return None
    form = next(form for share, form in by_form if share >= best - 0.005)
    return Link(other, column, best, int(ids), form)


def _shared_length(
    files: LoadedFiles, look: FileLook, key: ColumnLook, other: FileLook, column: ColumnLook
) -> int | None:
    """Return how long the shorter ids are where the longer ones have three check characters behind."""
    lengths = set[tuple[int | None]]()
    for file, one in ((look, key), (other, column)):
        name = identifier(one.name)
        filled = f"FROM {files.table(file)} WHERE trim({name}::VARCHAR) <> ''"
        lengths |= set(files.rows(f"SELECT DISTINCT length(bare_lead_id({name})) {filled}"))
    sizes = sorted(size for (size,) in lengths if size)
    if len(sizes) != 2 or sizes[1] - sizes[0] != _SUFFIX or sizes[0] < 10:
        return None
    name = identifier(key.name)
    whole, cut = files.row(
        f"SELECT count(DISTINCT bare_lead_id({name})), count(DISTINCT left(bare_lead_id({name}), {sizes[0]})) "
        f"FROM {files.table(look)}"
    )
    return int(sizes[0]) if cut >= 0.98 * whole else None


def written_forms(files: LoadedFiles, look: FileLook, column: ColumnLook) -> list[str]:
    """Say which unusual ways of writing ids a column has, with the rows of each."""
    name = identifier(column.name)
    tests = [test.replace("{id}", name) for test in WRITTEN_AS.values()]
    counts = files.row(f"SELECT {', '.join(f'count(*) FILTER ({test})' for test in tests)} FROM {files.table(look)}")
    return [f"{count:,} with {text}" for text, count in zip(WRITTEN_AS, counts, strict=True) if count]
