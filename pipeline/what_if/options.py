"""The command's options for a question, made from its declaration, and ``leadscore cutoffs`` with a question.

The module loads no table library: whoever asks for help must not wait.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from features.errors import InputError
from models.what_if.knob import Group
from models.what_if.question import KNOBS, Question

PANELS: Mapping[Group, str] = {
    "volume": "What is asked",
    "times": "People's time, in place of --capacity",
    "money": "Money",
}
"""How the help calls each group of options."""
ANSWER_FLAGS = frozenset({"--json", "--list", "--adopt"})
"""Options of ``leadscore what-if`` that ask nothing."""
STAGE_FLAGS = frozenset({"--source", "--data", "--params", "--set", "--force"})
"""Options of a stage that a question has no use for."""


def with_question(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each field of a question, in place of its ``**question``.

    Each is passed by the name of its field, and None where it was not given.
    """
    signature = inspect.signature(command, eval_str=True)
    command_parameters = [
        part for part in signature.parameters.values() if part.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    parameters = [part.replace(kind=inspect.Parameter.KEYWORD_ONLY) for part in [*_options(), *command_parameters]]
    command.__dict__["__signature__"] = signature.replace(parameters=parameters)
    return command


def _options() -> Iterator[inspect.Parameter]:
    for name, knob in KNOBS.items():
        field = Question.model_fields[name]
        default = "" if field.default is None else f"; default {field.default:g}"
        kind, example = (str, "120/week") if knob.unit == "leads a week" else (float, knob.unit.partition(" ")[0])
        text, panel = f"{field.description}{default}.", PANELS[knob.group]
        option = typer.Option(knob.flag, help=text, metavar=example, rich_help_panel=panel)
        yield inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
        )


class CommandLine(TyperGroup):
    """The commands; ``leadscore cutoffs`` with a question is ``leadscore what-if``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that arguments name, as a group does."""
        return super().resolve_command(ctx, ["what-if", *args[1:]] if asks_about_cutoffs(args) else args)


def asks_about_cutoffs(arguments: list[str]) -> bool:
    """Return whether arguments are ``cutoffs`` with a question.

    Raises
    ------
    InputError
        If options of the stage stand beside a question, or options of an answer stand without one.

    Examples
    --------
    >>> asks_about_cutoffs(["cutoffs", "--capacity", "10/week"]), asks_about_cutoffs(["cutoffs", "--force"])
    (True, False)
    """
    given = {argument.partition("=")[0] for argument in arguments[1:]}
    if arguments[:1] != ["cutoffs"]:
        return False
    if given & {knob.flag for knob in KNOBS.values()}:
        if beside := given & STAGE_FLAGS:
            raise InputError(
                expected="a question, or the stage",
                found=f"{', '.join(sorted(beside))} beside a question",
                hint="A question is answered from the outputs of a run and changes nothing: leave them out",
            )
        return True
    if alone := given & ANSWER_FLAGS:
        raise InputError(
            expected="a question for an answer to give",
            found=f"{', '.join(sorted(alone))} without one",
            hint="'leadscore cutoffs' is the stage that sets the cut-offs; 'leadscore what-if' answers, also about "
            "those in force",
        )
    return False
