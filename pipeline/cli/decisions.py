"""Commands for those who decide what is in force, and what that would bring."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.app import app
from pipeline.cli.options import DEMO_OUT, JsonOption, OutOption, ParamsOption, SetOption, overrides_of, params_file_of
from pipeline.settings.shipped import at_hand
from pipeline.what_if.options import WHAT_IF, without_question

PANEL = "What is in force"


@app.command(WHAT_IF, rich_help_panel=PANEL)
@without_question
def what_if(
    out: OutOption = DEMO_OUT,
    list_file: Annotated[Path | None, typer.Option("--list", help="Write next Monday's list as CSV.")] = None,
    list_form: Annotated[
        Literal["commas", "german"],
        typer.Option("--list-form", help="german: semicolons, and commas in numbers, as German Excel reads them."),
    ] = "commas",
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Print the settings that make the nightly job use the answer.")
    ] = False,
    as_json: JsonOption = False,
    **question: str | float | None,
) -> None:
    """Say what other cut-offs would bring, from the last run; it changes nothing. Unasked, those in force hold."""
    from pipeline.what_if.command import answered

    typer.echo(answered(out, question, list_file=list_file, list_form=list_form, adopt=adopt, as_json=as_json))


@app.command(rich_help_panel=PANEL)
def approve(
    role: Annotated[Literal["marketing", "sales"], typer.Option("--as", help="Your team. Sales signs last.")],
    name: Annotated[str, typer.Option("--name", help="Who you are.")],
    out: OutOption = DEMO_OUT,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse instead; it ends the matter.")] = False,
    why: Annotated[str | None, typer.Option("--why", help="The reason; needed to refuse.")] = None,
    params: ParamsOption = None,
    assignments: SetOption = None,
) -> None:
    """Approve or refuse a run's receipt for your team; the model becomes champion when nothing is missing."""
    from pipeline.register.approve import approve as add_word

    overrides = overrides_of(assignments)
    file = params_file_of(params)
    add_word(out, role=role, name=name, refused=refuse, why=why, params_file=file, overrides=overrides)


@app.command(rich_help_panel=PANEL)
def verify(
    out: OutOption = DEMO_OUT,
    as_json: JsonOption = False,
    params: ParamsOption = None,
    assignments: SetOption = None,
) -> None:
    """Check that a run's receipt is as it was sealed and speaks of what lies there; exit code 1 if not."""
    from pipeline.receipt.verify import holds, to_json, to_text
    from pipeline.receipt.verify import verify as verified
    from pipeline.register.receipt_in_mlflow import open_registered, sealed_run

    context = open_registered(out, params_file_of(params), overrides_of(assignments))
    results = verified(sealed_run(context))
    typer.echo(to_json(results) if as_json else to_text(results))
    if not holds(results):
        raise typer.Exit(1)


@app.command(rich_help_panel=PANEL)
def champion(
    out: OutOption = DEMO_OUT,
    back: Annotated[bool, typer.Option("--back", help="Go back to the decision before; needs --why.")] = False,
    to: Annotated[str | None, typer.Option("--to", help="Put this earlier decision in force again.")] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Take the champion that MLflow has.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="Who you are; default: the user of this machine.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="The reason; it is kept.")] = None,
    source: Annotated[Path | None, typer.Option("--source", help="Source folder, to fetch into a new OUT.")] = None,
    params: ParamsOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who is in force since when, signed by whom, and what was before; or go back."""
    from pipeline.champion.command import champion as shown
    from pipeline.source.folder import read_source

    overrides = overrides_of(assignments)
    source_name = None if source is None else read_source(at_hand(source), overrides).spec.name
    text = shown(
        out,
        back=back,
        to=to,
        fetched=fetch,
        name=name,
        why=why,
        source=source_name,
        params_file=params_file_of(params),
        overrides=overrides,
        as_json=as_json,
    )
    typer.echo(text)


@app.command(rich_help_panel=PANEL)
def points(
    out: OutOption = DEMO_OUT,
    max_rules: Annotated[int, typer.Option("--max-rules", min=1, help="Most rules of the table.")] = 20,
    highest: Annotated[int | None, typer.Option("--highest", min=1, help="Most points; where a tool ends.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Distil a finished run's model into a points table to type into HubSpot, Marketo or Salesforce."""
    from pipeline.points.command import points_command

    typer.echo(points_command(out, max_rules=max_rules, highest=highest, as_json=as_json))
