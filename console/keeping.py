"""``role``, ``export``, ``backup`` and ``restore``: what leaves the warehouse whole, and comes back."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from console.acting import Who, decider
from console.common import (
    AsJson,
    AsOf,
    UnitOption,
    a_moment,
    definitions,
    known_period,
    known_unit,
    open_warehouse,
    settings,
)
from console.output import err, print_json, refuse, table
from console.output import out as printed
from console.words import say


def register(app: typer.Typer) -> None:
    app.command(help=say("SQL tạo vai trò PostgreSQL chỉ đọc", "SQL that makes a PostgreSQL role which only reads"))(
        role
    )
    app.command(help=say("xuất một kỳ ra Parquet, CSV hoặc Excel", "a period as Parquet, CSV or Excel"))(export)
    app.command(help=say("sao lưu kho, tệp và bộ định nghĩa", "back up warehouse, archive, definitions"))(backup)
    app.command("restore-backup", help=say("khôi phục từ bản sao lưu", "bring a backup back"))(restore_backup)
    app.command(help=say("bản chép chỉ đọc của các khung nhìn (SQLite)", "a copy of the marts as SQLite"))(publish)


def role(
    name: Annotated[str, typer.Option(help=say("tên vai trò", "name of the role"))],
    timeout: Annotated[
        int, typer.Option(help=say("số giây tối đa của một câu hỏi", "most seconds of a question"), min=1, max=86_400)
    ] = 60,
    schema: Annotated[str, typer.Option(help=say("lược đồ chứa kho", "schema that holds the warehouse"))] = "public",
) -> None:
    """Printed, not run: whoever owns the warehouse looks at it first. It holds no password."""
    from warehouse.roles import reader_script

    try:
        sys.stdout.write(reader_script(name, seconds=timeout, schema=schema))
    except ValueError:
        refuse(
            say(
                "Tên vai trò và lược đồ chỉ gồm chữ thường không dấu, chữ số và _; ví dụ phan_tich.",
                "A role and a schema are named with lower-case letters, digits and _ only, such as phan_tich.",
            )
        )


def export(
    period: Annotated[str, typer.Option(help=say("mã kỳ báo cáo", "period code"))],
    out: Annotated[Path, typer.Option(help=say("thư mục để ghi", "folder to write to"))],
    chosen_format: Annotated[
        Literal["parquet", "csv", "xlsx"], typer.Option("--format", help=say("loại tệp", "kind of file"))
    ] = "parquet",
    unit: UnitOption = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Figures in words, totals with coverage, year on year, dossiers, findings, status; with --as-of the figures alone.

    In CSV and Excel a text that begins with = + - @, a tab or a line break gets an apostrophe in front, so that no
    spreadsheet program runs it; numbers stay numbers, Parquet keeps everything as it is.
    """
    from tasks.exporting import Wanted
    from tasks.exporting import export as written

    chosen, engine = open_warehouse()
    known_period(definitions(chosen), period)
    known_unit(engine, unit)
    told = written(engine, Wanted(period, chosen_format, unit, a_moment(as_of)), out)
    if as_json:
        print_json(told)
        return
    rows = [(file["name"], file["rows"], file["size"], file["sha256"][:16] + "…") for file in told["files"]]
    columns = (say("Tệp", "File"), say("Dòng", "Rows"), say("Byte", "Bytes"), "SHA-256")
    printed.print(table(say(f"Đã xuất kỳ {period} vào {out}", f"{period} is in {out}"), columns, rows, right=(1, 2)))


def backup(
    out: Annotated[
        Path | None,
        typer.Option(help=say("tệp sao lưu sẽ ghi; mặc định: trong backups/", "file to write; default: in backups/")),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(help=say("xóa bản cũ trong backups/, giữ N bản mới nhất", "keep the newest N in backups/"), min=1),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """One file, of one moment, also while a run writes; exit 1 when archived files were gone or spoiled.

    Older backups go only after the new one is whole, and never while something is missing from it.
    """
    from datetime import UTC, datetime

    from tasks import keeping

    chosen, engine = open_warehouse()
    out = out or keeping.usual_place(chosen, datetime.now(UTC))
    manifest = keeping.backup(chosen, engine, out)
    gone = keeping.keep_only(chosen, keep) if keep and not manifest["lost"] else []
    if as_json:
        print_json({"file": out, "size": out.stat().st_size, "removed": gone, **_told(manifest)})
    else:
        _print_told(manifest, say(f"✓ Đã sao lưu vào {out}", f"✓ Backed up to {out}"))
        if gone:
            printed.print(say(f"  Đã xóa {len(gone)} bản cũ", f"  {len(gone)} older ones were removed"))
    if manifest["waiting"]:
        count = manifest["waiting"]
        err.print(
            say(
                f"! {count} tệp còn chờ trong hộp nhận và KHÔNG có trong bản sao lưu;"
                " chạy tongket ingest rồi sao lưu lại, hoặc tự chép thư mục inbox.",
                f"! {count} files wait in the inbox and are NOT in the backup;"
                " run tongket ingest and back up again, or copy the folder inbox yourself.",
            ),
            soft_wrap=True,
        )
    if manifest["lost"]:
        err.print(
            say(
                f"✗ {len(manifest['lost'])} tệp lưu trữ đã mất hoặc hỏng, bản sao lưu không có chúng;"
                " dòng lost trong manifest.json nêu SHA-256 của từng tệp.",
                f"✗ {len(manifest['lost'])} archived files are gone or spoiled and are not in the backup;"
                " lost in manifest.json names their SHA-256.",
            )
        )
        raise typer.Exit(1)


def restore_backup(
    file: Path,
    replace: Annotated[
        bool, typer.Option("--replace", help=say("thay toàn bộ kho đang có", "replace all that stands there"))
    ] = False,
    reason: Annotated[str, typer.Option(help=say("lý do thay, được ghi lại", "why, kept on record"))] = "",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Into the workspace and warehouse of the settings, which must be empty; proved before anything is changed."""
    from tasks import keeping
    from tasks.store import engine_for

    if replace and not reason.strip():
        refuse(say("--replace cần --reason: ghi vì sao.", "--replace needs --reason: say why."))
    chosen = settings()
    signed = decider(who) if replace else ""
    manifest = keeping.restore(chosen, engine_for, file, is_replacing=replace, who=signed, reason=reason)
    if as_json:
        print_json({"home": chosen.workspace.home, **_told(manifest)})
        return
    _print_told(manifest, say(f"✓ Đã khôi phục từ {file}", f"✓ Restored from {file}"))
    kept = chosen.workspace.home / "definitions"
    if kept.is_dir():
        printed.print(
            say(
                f"Bộ định nghĩa lúc sao lưu khác của chương trình; dùng nó: TONGKET_CATALOG={kept}",
                f"The definitions of then differ from the program's; to use them: TONGKET_CATALOG={kept}",
            ),
            soft_wrap=True,
        )


def _told(manifest: dict[str, Any]) -> dict[str, Any]:
    files = sum(name.startswith("archive/") for name in manifest["members"])
    names = ("moment", "schema", "definitions", "tables", "lost")
    return {**{name: manifest[name] for name in names}, "waiting": manifest.get("waiting", 0), "files": files}


def _print_told(manifest: dict[str, Any], sentence: str) -> None:
    from domain.numbers import vi_number

    rows, files = sum(manifest["tables"].values()), _told(manifest)["files"]
    printed.print(sentence, soft_wrap=True)
    printed.print(
        say(
            f"  {vi_number(rows)} dòng, {vi_number(files)} tệp lưu trữ, lúc {manifest['moment']}",
            f"  {rows:,} rows, {files:,} archived files, as of {manifest['moment']}",
        )
    )


def publish(
    out: Annotated[Path, typer.Option(help=say("tệp .db sẽ ghi", "the .db file to write"))],
    as_json: AsJson = False,
) -> None:
    """The marts as they are now in one file that does not change, with metadata.json for Datasette beside it."""
    from tasks.publishing import publish as published

    _, engine = open_warehouse()
    told = published(engine, out)
    if as_json:
        print_json(told)
        return
    columns = (say("Bảng", "Table"), say("Dòng", "Rows"))
    printed.print(table(say(f"Đã công bố {out}", f"{out} is published"), columns, told["rows"].items(), right=(1,)))
    opened = f"datasette serve -i {shlex.quote(str(out))} --metadata {shlex.quote(str(told['metadata']))}"
    printed.print(
        say(
            f"Mở bằng Datasette (cài kèm phần explore): {opened}",
            f"Open it with Datasette (installed with the extra explore): {opened}",
        ),
        soft_wrap=True,
    )
