"""The command's options for a question, made from its declaration, and ``leadscore cutoffs`` with a question.

The module loads nothing heavy: whoever asks for help must not wait.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from features.errors import InputError

if TYPE_CHECKING:
    from models.what_if.knob import Group

WHAT_IF = "what-if"
PANELS: Mapping[Group, str] = {
    "volume": "What is asked",
    "times": "People's time, in place of --capacity",
    "money": "Money",
}
"""How the help calls each group of options."""
ANSWER_FLAGS = frozenset({"--json", "--list", "--list-form", "--adopt"})
"""Options of ``leadscore what-if`` that ask nothing."""
STAGE_FLAGS = frozenset({"--source", "--data", "--params", "--set", "--force"})
"""Options of a stage that a question has no use for."""


def with_question(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each field of a question, in place of its ``**question``.

    Each is passed by the name of its field, and None where it was not given.
    """
    return _with_options(command, _options())


def without_question(command: Callable[..., None]) -> Callable[..., None]:
    """Leave the ``**question`` of a command out until `CommandLine` finds that it is called.

    What a question is declared with takes longer to load than all the rest of the help.
    """
    return _with_options(command, ())


def without_option(command: Callable[..., None], name: str) -> Callable[..., None]:
    """Leave an option out of a command: it has its default, and nobody can give it."""
    parts = inspect.signature(command, eval_str=True).parameters.values()
    return _with_signature(command, [part for part in parts if part.name != name])


def _with_options(command: Callable[..., None], options: Iterable[inspect.Parameter]) -> Callable[..., None]:
    parts = inspect.signature(command, eval_str=True).parameters.values()
    return _with_signature(command, [*options, *(p for p in parts if p.kind is not inspect.Parameter.VAR_KEYWORD)])


def _with_signature(command: Callable[..., None], parameters: Iterable[inspect.Parameter]) -> Callable[..., None]:
    @wraps(command)
    def with_signature(**given: Any) -> None:
        command(**given)

    named = [part.replace(kind=inspect.Parameter.KEYWORD_ONLY) for part in parameters]
    with_signature.__dict__["__signature__"] = inspect.Signature(named)
    return with_signature


def _options() -> Iterator[inspect.Parameter]:
    from models.what_if.question import KNOBS, Question

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
        """Find the command that arguments name, as a group does; ``what-if`` gets its question's options."""
        asked = [WHAT_IF, *args[1:]] if asks_about_cutoffs(args) else args
        name, command, rest = super().resolve_command(ctx, asked)
        if name == WHAT_IF and command is not None and command.callback is not None:
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command(name, help=command.help)(with_question(inspect.unwrap(command.callback)))
            command = typer.main.get_command(alone)
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what is wrong with an option is said without the words that pydantic puts before it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


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
    if arguments[:1] != ["cutoffs"]:
        return False
    from models.what_if.question import KNOBS

    given = {argument.partition("=")[0] for argument in arguments[1:]}
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
