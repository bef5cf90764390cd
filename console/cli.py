"""``tongket``: the command line. Heavy libraries are imported by the commands that need them, never here."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from console import acting, definitions, demo, intake, keeping, reading, serving, workspace
from console.words import language_first, say

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


for module in (workspace, definitions, intake, reading, acting, keeping, serving, demo):
    module.register(app)


def _speak_utf8() -> None:
    """Vietnamese goes out as UTF-8 also where the surroundings ask for a code page that cannot write it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(encoding="utf-8")


def main() -> None:
    """Entry point of the ``tongket`` command."""
    from console.faults import explain

    _speak_utf8()
    try:
        app(args=language_first(sys.argv[1:]))
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        sys.stderr.write("✗ " + sentence + "\n")
        sys.exit(2)
