"""``leadscore cutoffs`` with a question: answered from what the stages left, without changing anything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from features.errors import InputError
from models.what_if.answer import what_if
from models.what_if.monday_list import LIST_COLUMNS
from models.what_if.question import Question
from models.what_if.settings_to_adopt import settings_for, settings_text
from pipeline.outputs.what_if_evidence import read_past
from pipeline.what_if.monday_csv import write_list
from pipeline.what_if.text import to_text

FLAGS = {
    "sal_per_week": "--capacity", "mql_per_week": "--mql-capacity", "promise": "--promise",
    "confidence": "--confidence", "people": "--people", "minutes_a_lead": "--minutes-per-lead",
    "hours_a_week": "--hours", "leads_a_person": "--leads-per-person", "value": "--deal-value and --handover-cost",
}  # fmt: skip
"""What a user calls each part of the question."""


def answered(
    out: Path, asked: Mapping[str, Any], *, list_file: Path | None = None, adopt: bool = False, as_json: bool = False
) -> str:
    """Answer a question of the command line; the list, if asked for, is written too.

    Parameters
    ----------
    out : Path
        Outputs of a run; they are read only.
    asked : mapping
        As for `question_of`.
    list_file : Path, optional
        Gets next Monday's list.
    adopt : bool
        Say what belongs into the settings, and nothing else.
    as_json : bool
        For machines.
    """
    question = question_of(**asked)
    answer = what_if(read_past(out), question)
    if list_file is not None:
        write_list(answer["monday"]["rows"], LIST_COLUMNS, list_file)
    if adopt:
        return adoption_text(settings_for(question, answer["cutoffs"]["rule"]), answer, rules=question.rules)
    if as_json:
        return json.dumps(answer, indent=1, ensure_ascii=False, allow_nan=False)
    return to_text(answer, listed_in=None if list_file is None else str(list_file))


def adoption_text(section: Mapping[str, Any], answer: Mapping[str, Any], *, rules: int) -> str:
    """Return the settings as they stand in ``params.yaml``, with what they were agreed on as a comment.

    ``rules``: how many things were asked of SAL.
    """
    if not section:
        return "Nothing was asked that differs from the cut-offs in force: there is nothing to adopt."
    cutoffs, name = answer["cutoffs"], answer["version"]
    strictest = "# A stage has one rule: this is the strictest of what was asked; the others hold today.\n"
    return (
        f"# Agreed as {name}: MQL from {cutoffs['mql']:.4f}, SAL from {cutoffs['sal']:.4f} on the present run.\n"
        f"{strictest if rules > 1 else ''}"
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
    found = []
    for key, value in section.items():
        here = f"{path}.{key}"
        found += assignments(value, here) if isinstance(value, Mapping) else [f"--set {here}={value}"]
    return found


def question_of(*, capacity: str | None, mql_capacity: str | None, **rest: Any) -> Question:
    """Make a question of what was given on the command line; what is None was not given.

    Raises
    ------
    InputError
        If a value is no number or out of range; it names the flag.
    """
    given = {name: value for name, value in rest.items() if value is not None}
    deal, handover, missed = (given.pop(name, None) for name in ("deal_value", "handover_cost", "missed_cost"))
    if (deal is None) != (handover is None) or (missed is not None and deal is None):
        raise InputError(
            expected="--deal-value and --handover-cost together", found="one of them", hint="A value needs both"
        )
    if deal is not None:
        given["value"] = {"deal": deal, "handover": handover, "missed": missed or 0.0}
    for name, text in (("sal_per_week", capacity), ("mql_per_week", mql_capacity)):
        if text is not None:
            given[name] = leads_a_week(text, flag=FLAGS[name])
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
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*week)?\s*", text)
    if found is None or float(found.group(1)) <= 0:
        raise InputError(
            expected=f"leads a week for {flag}, above 0", found=repr(text), hint=f"For example {flag} 120/week"
        )
    return float(found.group(1))


def _refused(error: ValidationError) -> InputError:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    message = first["msg"].removeprefix("Value error, ")
    flag = FLAGS.get(name, "the question")
    return InputError(expected=f"a value that fits {flag}", found=f"{first['input']!r}: {message}") if name else (
        InputError(expected="numbers that fit together", found=message)
    )  # fmt: skip
