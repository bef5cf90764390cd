"""``tongket``: the command line. Heavy libraries are imported by the commands that need them, never here."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from console import definitions, demo, intake, reading, workspace
from console.words import say

app = typer.Typer(
    name="tongket",
    help=say(
        "Tổng kết kỳ báo cáo: nhận báo cáo của đơn vị, kiểm tra, tổng hợp, tra cứu.",
        "Sum up a reporting period: collect the units' reports, check them, add them up, look them up.",
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _main(
    lang: Annotated[str, typer.Option(help=say("ngôn ngữ: vi hoặc en", "language: vi or en"))] = "vi",
) -> None:
    if lang not in ("vi", "en"):
        raise typer.BadParameter(say("chọn vi hoặc en", "choose vi or en"), param_hint="--lang")


for module in (workspace, definitions, intake, reading, demo):
    module.register(app)


def main() -> None:
    """Entry point of the ``tongket`` command."""
    from console.faults import explain

    try:
        app()
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        sys.stderr.write("✗ " + sentence + "\n")
        sys.exit(2)
