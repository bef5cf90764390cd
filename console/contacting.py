"""``contacts``: whom to tell, taken in from a file, listed and written out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import Who, decider
from console.common import AsJson, UnitOption, known_unit, open_warehouse, shown_moment
from console.output import REFUSED, out, print_json, refuse, table
from console.registering import print_faults
from console.words import say
from domain.notice import ContactRole
from domain.numbers import vi_number

if TYPE_CHECKING:
    from tasks.register import Change, Difference

contacts_app = typer.Typer(help=say("người nhận thông báo", "people who are told"))

#: Of a longer list only the beginning is drawn; ``--json`` has everything.
_MOST_DRAWN = 200

_WHAT = {
    "added": say("thêm", "added"),
    "changed": say("sửa", "changed"),
    "removed": say("bỏ", "removed"),
    "same": say("giữ nguyên", "the same"),
}

_COLUMNS = {
    "name": say("họ tên", "name"),
    "lang": say("ngôn ngữ", "language"),
}

ROLES = {
    ContactRole.UNIT.value: say("đơn vị", "unit"),
    ContactRole.FOCAL.value: say("đầu mối", "focal point"),
    ContactRole.ADMIN.value: say("quản trị", "administrator"),
}


def register(app: typer.Typer) -> None:
    app.add_typer(contacts_app, name="contacts")


@contacts_app.command(
    "import",
    help=say(
        "nạp người nhận từ tệp CSV, XLSX: thay toàn bộ người nhận của các đơn vị có trong tệp",
        "load contacts from a CSV or XLSX file: they replace those of the units in the file",
    ),
)
def contacts_import(
    file: Annotated[Path, typer.Argument(help=say("tệp người nhận", "a file of contacts"))],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("chỉ cho xem sẽ thay đổi gì", "only show what would change"))
    ] = False,
    reason: Annotated[str | None, typer.Option(help=say("lý do, được ghi lại", "the reason, kept on record"))] = None,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Columns unit, role (unit · focal · admin · remove), name, email, lang. One wrong row refuses the whole file."""
    from tasks.contacts import ContactsRefusedError, import_contacts

    _, engine = open_warehouse()
    signed = decider(who)
    try:
        difference = import_contacts(engine, file, who=signed, reason=reason, dry_run=dry_run)
    except ContactsRefusedError as error:
        print_faults(error.faults, as_json)
        raise typer.Exit(REFUSED) from None
    if as_json:
        print_json(_difference_json(difference, dry_run))
    else:
        _print_difference(difference, dry_run)


def _difference_json(difference: Difference, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        **{what: difference.count("contacts", what) for what in _WHAT},
        "not_in_file": difference.beside["contacts"],
        "changes": [
            {
                "what": change.what,
                "where": change.where,
                "name": change.name,
                "place": change.place,
                "fields": [{"column": f.column, "before": f.before, "after": f.after} for f in change.fields],
            }
            for change in difference.changes
        ],
    }


def _print_difference(difference: Difference, dry_run: bool) -> None:
    if difference.changes:
        columns = (
            say("Việc", "What"),
            say("Đơn vị · vai · địa chỉ", "Unit · role · address"),
            say("Tên đơn vị", "Unit"),
            say("Thay đổi", "Change"),
            say("Dòng", "Line"),
        )
        title = say("Sẽ thay đổi", "Would change") if dry_run else say("Đã thay đổi", "Changed")
        drawn = [
            (_WHAT[change.what], _where(change.where), change.name, _told(change), change.place)
            for change in difference.changes[:_MOST_DRAWN]
        ]
        out.print(table(title, columns, drawn))
    _print_more(len(difference.changes))
    words = " · ".join(f"{word} {difference.count('contacts', what)}" for what, word in _WHAT.items())
    out.print(f"{'○' if dry_run else '✓'} {say('người nhận', 'contacts')}: {words}")
    beside = difference.beside["contacts"]
    if beside:
        out.print(say(f"  của đơn vị khác, giữ nguyên: {beside}", f"  of other units, left as they are: {beside}"))
    if dry_run:
        out.print(say("Chưa nạp gì (--dry-run).", "Nothing was loaded (--dry-run)."))


def _where(where: str) -> str:
    """Unit, role and address, the role in words."""
    return " · ".join(ROLES.get(part, part) for part in where.split(" · "))


def _told(change: Change) -> str:
    """What a new contact is called; of one that changes what it was, too."""
    if change.what == "added":
        return "; ".join(field.after for field in change.fields)
    return "; ".join(f"{_COLUMNS[f.column]}: {f.before or '–'} → {f.after or '–'}" for f in change.fields)


def _print_more(count: int) -> None:
    if count > _MOST_DRAWN:
        out.print(say(f"… tất cả {count} dòng; xem hết: --json", f"… {count} rows in all; see them with --json"))


@contacts_app.command("list", help=say("liệt kê người nhận", "list the contacts"))
def contacts_list(unit: UnitOption = None, as_json: AsJson = False) -> None:
    from warehouse.contacts import contacts_of

    _, engine = open_warehouse()
    known_unit(engine, unit)
    rows = contacts_of(engine, unit=unit).drop("unit_id", "now_id").to_dicts()
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(say("Chưa có người nhận nào. Nạp: tongket contacts import", "There are no contacts yet."))
        return
    columns = (
        say("Mã", "Code"),
        say("Đơn vị", "Unit"),
        say("Vai", "Role"),
        say("Họ tên, chức danh", "Name, office"),
        say("Thư điện tử", "E-mail"),
        say("Ngôn ngữ", "Language"),
        say("Ghi lúc", "Written"),
    )
    drawn = [
        (
            row["unit"] or "–",
            row["unit_name"] + (say(" (đã kết thúc)", " (ended)") if row["is_ended"] else "") or "–",
            ROLES[row["role"]],
            row["name"],
            row["email"],
            row["lang"],
            shown_moment(row["changed_at"]),
        )
        for row in rows[:_MOST_DRAWN]
    ]
    out.print(table(say("Người nhận thông báo", "Contacts"), columns, drawn))
    _print_more(len(rows))


@contacts_app.command(
    "export",
    help=say(
        "ghi người nhận ra tệp .xlsx hoặc .csv; nạp lại không đổi gì",
        "write the contacts as .xlsx or .csv; importing them changes nothing",
    ),
)
def contacts_export(
    to: Annotated[Path, typer.Option("--out", help=say("tệp .xlsx hoặc .csv", "a file .xlsx or .csv"))],
    unit: UnitOption = None,
    as_json: AsJson = False,
) -> None:
    from tasks.contacts import export_contacts
    from workbook.register import TooLargeToWriteError

    if to.suffix.lower() not in (".csv", ".xlsx"):
        refuse(say(f"{to.name}: tên tệp phải kết thúc bằng .csv hoặc .xlsx.", f"{to.name} must end in .csv or .xlsx."))
    _, engine = open_warehouse()
    known_unit(engine, unit)
    try:
        count = export_contacts(engine, to, unit)
    except TooLargeToWriteError as error:
        refuse(say(f"{error.vi}; hãy ghi ra .csv.", f"{error.en}; write .csv instead."))
    if as_json:
        print_json({"file": to, "contacts": count})
        return
    out.print(f"✓ {to}: {say(f'{vi_number(count)} người nhận', f'{count:,} contacts')}", soft_wrap=True)
