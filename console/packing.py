"""``conference pack``: report, annex, slides and web page of a conference, from its frozen figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from console.common import AsJson, UnitOption, open_warehouse
from console.output import out, print_json, refuse
from console.words import LANG, say

if TYPE_CHECKING:
    from conference.frozen import Frozen


def register(app: typer.Typer) -> None:
    """Add ``pack`` to the commands of ``conference``."""
    app.command(
        help=say(
            "tạo bộ tài liệu hội nghị từ số liệu đã chốt: báo cáo, phụ lục, trình chiếu, trang web",
            "make the documents of a conference from its frozen figures: report, annex, slides, web page",
        )
    )(pack)


def pack(
    code: Annotated[str, typer.Argument(help=say("mã hội nghị", "conference code"))],
    unit: UnitOption = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help=say(
                "thư mục ghi ra (mặc định: packs/ trong không gian làm việc)", "folder to write (default: packs/)"
            ),
        ),
    ] = None,
    style: Annotated[
        Literal["state", "party"] | None,
        typer.Option(
            help=say(
                "thể thức văn bản: state (Nhà nước) hay party (Đảng); mặc định theo loại đơn vị",
                "form of document: state or party; default by the kind of unit",
            )
        ),
    ] = None,
    formats: Annotated[
        str,
        typer.Option(
            "--format", help=say("các tài liệu, cách nhau bằng dấu phẩy", "documents, with commas between them")
        ),
    ] = "report,annex,slides,page",
    as_json: AsJson = False,
) -> None:
    """The documents of a conference, of the same freeze the same to the byte but for the time they were made."""
    from conference.pack import PackRefusedError
    from tasks.conference import frozen_of
    from tasks.packing import make_pack, pack_folder

    wanted = _formats(formats)
    chosen, engine = open_warehouse()
    frozen = frozen_of(engine, code)
    _known_unit(frozen, unit)
    target = folder or pack_folder(chosen.workspace.home, frozen, unit or frozen.unit)
    try:
        paths = make_pack(frozen, unit, target.resolve(), style=style, language=LANG, formats=wanted)
    except PackRefusedError as error:
        refuse(say(error.vi, error.en))
    if as_json:
        print_json({"conference": frozen.conference, "hash": frozen.hash, "files": [str(path) for path in paths]})
        return
    out.print(say(f"Đã tạo {len(paths)} tệp:", f"{len(paths)} files made:"))
    for path in paths:
        out.print(f"  {path}", soft_wrap=True)


def _formats(asked: str) -> list[str]:
    from conference.pack import FORMATS

    wanted = [name.strip() for name in asked.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        known = ", ".join(FORMATS)
        refuse(
            say(
                f"--format: không có tài liệu {', '.join(unknown) or 'nào'}. Chọn trong: {known}",
                f"--format: there is no document {', '.join(unknown) or 'at all'}. Choose from: {known}",
            )
        )
    return wanted


def _known_unit(frozen: Frozen, unit: str | None) -> None:
    if unit is not None and unit not in frozen["units"]["unit"]:
        refuse(
            say(
                f"Đơn vị {unit} không thuộc hội nghị {frozen.conference} (của {frozen.unit} và các đơn vị bên dưới).",
                f"The unit {unit} is not of the conference {frozen.conference} (of {frozen.unit} and the units below).",
            )
        )
