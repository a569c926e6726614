"""``leadscore what-if``: a question about cut-offs, answered from what the stages left, without changing anything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from features.errors import InputError
from models.decision.other_in_force import other_in_force
from models.what_if.answer import Answer
from models.what_if.consequences import what_if
from models.what_if.monday_list import LIST_COLUMNS
from models.what_if.question import KNOBS, Question
from models.what_if.settings_to_adopt import settings_text
from pipeline.champion.folder import ChampionFolder
from pipeline.outputs.what_if_evidence import read_past
from pipeline.pages.spreadsheet import COMMAS
from pipeline.what_if.monday_csv import write_list
from pipeline.what_if.text import to_text


def answered(
    out: Path,
    options: Mapping[str, str | float | None],
    *,
    list_file: Path | None = None,
    list_form: str = COMMAS,
    adopt: bool = False,
    as_json: bool = False,
) -> str:
    """Answer a question of the command line; the list, if asked for, is written too.

    Parameters
    ----------
    out : Path
        Outputs of a run; they are read only.
    options : mapping
        As for `question_of`.
    list_file : Path, optional
        Gets next Monday's list.
    list_form : str
        ``commas``, or ``german``: semicolons between cells and commas in numbers, as Excel with German settings reads.
    adopt : bool
        Say what belongs into the settings, and nothing else.
    as_json : bool
        For machines.
    """
    question = question_of(options)
    answer = _with_what_is_in_force(what_if(read_past(out), question), out)
    if list_file is not None:
        write_list([row.model_dump() for row in answer.monday.rows], LIST_COLUMNS, list_file, form=list_form)
    if adopt:
        return adoption_text(answer)
    if as_json:
        return json.dumps(answer.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False)
    return to_text(answer, listed_in=None if list_file is None else str(list_file))


def _with_what_is_in_force(answer: Answer, out: Path) -> Answer:
    folder = ChampionFolder(out)
    champion, step = folder.champion(), folder.current().last
    if champion is None or step is None:
        return answer
    said = other_in_force(step, champion.parts.cutoffs, answer.about.cutoff_version)
    return answer.model_copy(update={"other_in_force": said})


def adoption_text(answer: Answer) -> str:
    """Return the settings as they stand in ``params.yaml``, with what they were agreed on as a comment."""
    section, cutoffs = answer.settings, answer.cutoffs
    if not section:
        return "Nothing was asked that differs from the cut-offs in force: there is nothing to adopt."
    strictest = "# A stage has one rule: this is the strictest of what was asked; the others hold today.\n"
    return (
        f"# Agreed as {answer.version}: MQL from {cutoffs.mql:.4f}, SAL from {cutoffs.sal:.4f} on the present run.\n"
        f"{strictest if answer.one_rule_of_several else ''}"
        f"# In params.yaml, in place of what the section says about the same keys:\n{settings_text(section)}"
        "# Then: leadscore run --source SOURCE --data DATA --out OUT\n"
        f"# Or for one run: leadscore run … {' '.join(assignments(section, 'cutoffs'))}"
    )


def assignments(section: Mapping[str, Any], path: str) -> list[str]:
    """Return a section of the settings as ``--set`` options.

    Examples
    --------
    >>> assignments({"sal": {"policy": "per_week", "per_week": 12.0}}, "cutoffs")
    ['--set cutoffs.sal.policy=per_week', '--set cutoffs.sal.per_week=12.0']
    """
    options = []
    for key, value in section.items():
        here = f"{path}.{key}"
        options += assignments(value, here) if isinstance(value, Mapping) else [f"--set {here}={value}"]
    return options


def question_of(options: Mapping[str, str | float | None]) -> Question:
    """Make a question of what was given on the command line.

    Parameters
    ----------
    options : mapping
        By field of `models.what_if.question.Question`; what is None was not given, leads a week may be ``120/week``.

    Raises
    ------
    InputError
        If a value is no number or out of range; it names the flag.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        if KNOBS[name].unit == "leads a week":
            given[name] = leads_a_week(str(value), flag=KNOBS[name].flag)
    try:
        return Question.model_validate(given)
    except ValidationError as error:
        raise _refused(error) from None


def leads_a_week(text: str, *, flag: str) -> float:
    """Read ``120/week`` or ``120``.

    Examples
    --------
    >>> leads_a_week("120/week", flag="--capacity"), leads_a_week("7.5", flag="--capacity")
    (120.0, 7.5)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*week)?\s*", text)
    if match is None or float(match.group(1)) <= 0:
        raise InputError(
            expected=f"leads a week for {flag}, above 0", found=repr(text), hint=f"For example {flag} 120/week"
        )
    return float(match.group(1))


def _refused(error: ValidationError) -> InputError:
    first = error.errors()[0]
    if first["loc"]:
        flag = KNOBS[str(first["loc"][0])].flag
        return InputError(expected=f"a value that fits {flag}", found=f"{first['input']!r}: {first['msg']}")
    misfit = first["ctx"]
    return InputError(expected=_with_flags(misfit["expected"]), found=misfit["found"])


def _with_flags(text: str) -> str:
    """Return a text in which fields are called as the command calls them."""
    return re.sub(r"\w+", lambda word: KNOBS[word[0]].flag if word[0] in KNOBS else word[0], text)
