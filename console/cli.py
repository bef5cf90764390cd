"""``tongket``: the command line. Heavy libraries are imported by the commands that need them, never here."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from console import (
    acting,
    comparing,
    concluding,
    conditions,
    conference,
    contacting,
    definitions,
    demo,
    intake,
    keeping,
    monitoring,
    noticing,
    packing,
    periods,
    rating,
    reading,
    registering,
    scheduling,
    serving,
    targeting,
    workspace,
)
from console.output import REFUSED
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


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"tongket {version('tongket')}")
        raise typer.Exit


@app.callback()
def _main(
    lang: Annotated[str, typer.Option(help=say("ngôn ngữ: vi hoặc en", "language: vi or en"))] = "vi",
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help=say("phiên bản", "the version"))
    ] = False,
) -> None:
    if lang not in ("vi", "en"):
        raise typer.BadParameter(say("chọn vi hoặc en", "choose vi or en"), param_hint="--lang")


_MODULES = (
    workspace,
    conditions,
    definitions,
    registering,
    targeting,
    intake,
    reading,
    comparing,
    rating,
    acting,
    contacting,
    noticing,
    periods,
    conference,
    keeping,
    scheduling,
    serving,
    monitoring,
    demo,
)

for module in _MODULES:
    module.register(app)

concluding.register(conference.conference_app)
packing.register(conference.conference_app)


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
        sys.exit(_run(language_first(sys.argv[1:])))
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        sys.stderr.write("✗ " + sentence + "\n")
        sys.exit(REFUSED)


def _run(arguments: list[str]) -> int:
    """The exit code of a command; what was typed wrong is said in the language of the rest."""
    from console.usage import explain_usage

    try:
        code = app(args=arguments, prog_name="tongket", standalone_mode=False)
    except typer.Abort:
        return 1
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stdout.write(error.format_message() + "\n")
        else:
            sys.stderr.write("✗ " + explain_usage(error) + "\n")
        return REFUSED
    return code if isinstance(code, int) else 0
