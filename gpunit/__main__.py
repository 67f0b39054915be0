"""`gpunit <command>`, which is `python -m gpunit <command>`: folders in, folders out; and the page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from gpunit import __version__, memory
from gpunit.commands import (
    benchmark,
    evaluation,
    hosting,
    inside,
    models,
    prior,
    segmentation,
    training,
    translation,
)
from gpunit.commands.measuring import prior_commands
from gpunit.commands.shared import explain
from gpunit.streams import keep_printing

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """GP-UNIT: unsupervised image-to-image translation with a generative prior."""


@app.command(
    "app",
    rich_help_panel="Page",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,  # the page's own parser answers --help
)
def run_page(context: typer.Context) -> None:
    """Serve the page to this machine's browser; `app --help` lists its options."""
    from gpunit.ui.launch import main as launch  # gradio is slow to import

    launch(context.args)


app.command(rich_help_panel="Page")(hosting.space)

COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "Translate": (translation.translate, models.models, models.download, models.export, models.card, models.push),
    "Generative prior": (prior.synthesize, segmentation.segment),
    "Train": (
        training.train_prior,
        training.choose,
        training.distill,
        training.train,
        training.train_recipes,
        training.fit_sampler,
    ),
    "Evaluate": (evaluation.evaluate, evaluation.evaluate_prior, benchmark.benchmark),
}
for group, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=group)(command)
for name, command in (
    ("activations", inside.render_activations),
    ("units", inside.rank_units),
    ("switch", inside.switch_units),
):
    prior_commands.command(name)(command)
app.add_typer(prior_commands, name="prior", rich_help_panel="Generative prior")


def main() -> None:
    """Run a command; what the user can mend ends with one sentence and exit code 2."""
    keep_printing()
    try:
        app(standalone_mode=True)
    except Exception as error:
        if not (isinstance(error, ValueError | OSError | ModuleNotFoundError) or memory.ran_out(error)):
            raise
        typer.echo(f"Error: {explain(error)}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
