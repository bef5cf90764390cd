"""``conference``: opened, looked over, frozen, proved, and compared with what came later.

Commands of other modules join in with ``conference_app.command``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console.acting import decider
from console.common import (
    AsJson,
    UnitOption,
    definitions,
    known_day,
    known_period,
    known_unit,
    open_warehouse,
    shown_moment,
)
from console.intake import STATES
from console.output import WOULD_REJECT, coloured, err, finite, out, print_json, refuse, table
from console.words import LANG, say
from domain.numbers import en_quantity, vi_number, vi_quantity

if TYPE_CHECKING:
    import polars as pl

    from conference.readiness import Readiness
    from tasks.conference_diff import Differences
    from warehouse.conferences import Conference

conference_app = typer.Typer(
    help=say("hội nghị sơ kết, tổng kết: mở, chốt số liệu", "review conferences: open, freeze the figures")
)

#: Units named on a board and figures told of a comparison unless more are asked for.
_NAMED, _TOLD = 20, 50

_KINDS = {"interim": say("sơ kết", "interim"), "final": say("tổng kết", "final")}
_CONFERENCE_STATES = {"open": say("đang mở", "open"), "frozen": say("đã chốt", "frozen")}
_CHANGES = {"changed": say("đổi", "changed"), "new": say("mới", "new"), "gone": say("mất", "gone")}
_LEVELS = {"total": say("tổng hợp", "total"), "filed": say("báo cáo", "filed")}

Code = Annotated[str, typer.Argument(help=say("mã hội nghị", "code of the conference"))]
By = Annotated[
    str | None,
    typer.Option(
        "--by", "--as", help=say("người quyết định (mặc định: tài khoản máy)", "who decides (default: OS user)")
    ),
]


def register(app: typer.Typer) -> None:
    app.add_typer(conference_app, name="conference")


def _head(held: Conference) -> dict[str, Any]:
    return {
        "code": held.code,
        "kind": held.kind,
        "title": held.title,
        "unit": held.unit,
        "unit_name": held.unit_name,
        "periods": list(held.periods),
        "held_on": held.held_on,
        "state": held.state,
        "opened_at": held.opened_at,
        "opened_by": held.opened_by,
        "frozen_at": held.frozen_at,
        "frozen_by": held.frozen_by,
        "hash": held.hash,
        "override_reason": held.override_reason,
    }


# ------------------------------------------------------------------------------------------------ open, list


@conference_app.command("open", help=say("mở một hội nghị", "open a conference"))
def open_(
    scope: Annotated[str, typer.Option(help=say("mã đơn vị tổ chức", "code of the unit that holds it"))],
    periods: Annotated[str, typer.Option(help=say("các kỳ, cách nhau bằng dấu phẩy", "periods, comma-separated"))],
    kind: Annotated[
        Literal["interim", "final"], typer.Option(help=say("interim: sơ kết, final: tổng kết", "interim or final"))
    ],
    on: Annotated[str, typer.Option(help=say("ngày họp, ví dụ 2026-01-20", "day it is held, e.g. 2026-01-20"))],
    title: Annotated[str | None, typer.Option(help=say("tên hội nghị", "title"))] = None,
    code: Annotated[str | None, typer.Option(help=say("mã hội nghị (mặc định: tự đặt)", "code of it"))] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Nothing is kept yet: until it is frozen a conference shows what there is."""
    from domain.conference import ConferenceKind
    from tasks.conference import Asked, open_conference

    chosen, engine = open_warehouse()
    catalog = definitions(chosen)
    named = [known_period(catalog, item.strip()).code for item in periods.split(",") if item.strip()]
    if not named:
        refuse(say("--periods phải nêu ít nhất một kỳ.", "--periods must name a period."))
    known_unit(engine, scope)
    asked = Asked(scope, tuple(named), ConferenceKind(kind), known_day(on), title, code)
    held = open_conference(engine, catalog, asked, who=decider(by))
    if as_json:
        print_json(_head(held))
        return
    out.print(say(f"✓ Đã mở hội nghị {held.code}: {held.title}.", f"✓ Opened {held.code}: {held.title}."))
    out.print(
        say(f"  Xem đã đủ chưa: tongket conference show {held.code}", f"  See: tongket conference show {held.code}")
    )


@conference_app.command("list", help=say("liệt kê các hội nghị", "list the conferences"))
def list_(as_json: AsJson = False) -> None:
    from warehouse.conferences import conferences

    _, engine = open_warehouse()
    held = conferences(engine)
    if as_json:
        print_json([_head(item) for item in held])
        return
    if not held:
        out.print(say("Chưa có hội nghị nào.", "There is no conference yet."))
        return
    heads = say(
        "Mã|Loại|Đơn vị|Kỳ|Ngày họp|Trạng thái|Lúc chốt|Dấu SHA-256",
        "Code|Kind|Unit|Periods|Held on|State|Frozen|SHA-256",
    ).split("|")
    rows = [
        [
            item.code,
            _KINDS[item.kind],
            item.unit,
            ", ".join(item.periods),
            f"{item.held_on:%d/%m/%Y}",
            _CONFERENCE_STATES[item.state],
            shown_moment(item.frozen_at) if item.frozen_at else None,
            item.hash[:12] if item.hash else None,
        ]
        for item in held
    ]
    out.print(table(say("Hội nghị", "Conferences"), heads, rows))


# ------------------------------------------------------------------------------------------------ show


@conference_app.command(help=say("đã đủ để họp chưa: ai gửi, ai thiếu, còn gì", "whether it is ready to be held"))
def show(
    code: Code,
    everything: Annotated[
        bool, typer.Option("--all", help=say("nêu hết các đơn vị", "name every unit, not the first ones only"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Of a frozen conference the board is the one it was frozen with."""
    from tasks.conference import board
    from tasks.store import register_of

    chosen, engine = open_warehouse()
    held, found = board(engine, register_of(chosen), code)
    limit = None if everything else _NAMED
    if as_json:
        print_json({**_head(held), **_readiness(held, found, limit)})
        return
    _print_head(held)
    _print_boards(found)
    _print_units(say("Chưa gửi", "Missing"), found.missing, limit)
    _print_units(say("Bị trả lại, chưa có bản được nhận", "Failed, with nothing in force"), found.failing, limit)
    _print_units(say("Đến rồi, chờ xử lý", "Waiting"), found.waiting, limit)
    _print_verdict(held, found)


def _readiness(held: Conference, found: Readiness, limit: int | None) -> dict[str, Any]:
    lists = {"missing": found.missing, "failing": found.failing, "waiting": found.waiting}
    columns = ["period", "unit", "name", "form", "state", "due"]
    return {
        "ready": held.is_frozen or found.is_ready,
        "boards": found.boards.to_dicts(),
        **{
            name: (rows if limit is None else rows.head(limit)).select(columns).to_dicts()
            for name, rows in lists.items()
        },
        **{f"{name}_count": rows.height for name, rows in lists.items()},
        "criticals": [
            {"code": o.code, "count": o.count, "vi": o.vi, "en": o.en, "may_be_overridden": o.may_be_overridden}
            for o in found.obstacles
        ],
        "notes": [{"code": n.code, "count": n.count, "vi": n.vi, "en": n.en} for n in found.notes],
    }


def _print_head(held: Conference) -> None:
    out.print(f"{held.code} · {held.title}", style="bold", soft_wrap=True)
    on = say("họp ngày", "held on")
    out.print(
        f"{held.unit} {held.unit_name} · {', '.join(held.periods)} · {on} {held.held_on:%d/%m/%Y}", soft_wrap=True
    )
    if held.frozen_at is None:
        return
    out.print(
        say(
            f"Đã chốt số liệu lúc {shown_moment(held.frozen_at)} bởi {held.frozen_by} · SHA-256 {held.hash}",
            f"Frozen at {shown_moment(held.frozen_at)} by {held.frozen_by} · SHA-256 {held.hash}",
        ),
        soft_wrap=True,
    )
    # the very moment: what was believed then can be traced
    out.print(f"--as-of {held.frozen_at.isoformat()}", style="dim", soft_wrap=True)
    if held.override_reason:
        out.print(
            say(f"Vẫn chốt vì: {held.override_reason}", f"Frozen all the same because: {held.override_reason}"),
            soft_wrap=True,
        )


def _print_boards(found: Readiness) -> None:
    heads = say(
        "Kỳ|Phải gửi|Đã gửi|Đúng hạn|Muộn|Bị trả lại|Chờ|Thiếu|Có hiệu lực|Lỗi|Cảnh báo|Được miễn|Đã đóng",
        "Period|Expected|Received|On time|Late|Rejected|Waiting|Missing|In force|Faults|Warnings|Waived|Closed",
    ).split("|")
    names = ["period", "expected", "received", "on_time", "late", "rejected", "waiting", "missing", "in_force"]
    names += ["criticals", "warnings", "waived", "closed"]
    rows = [[row[name] for name in names] for row in found.boards.to_dicts()]
    out.print(table(say("Báo cáo", "Reports"), heads, rows, right=range(1, 12)))


def _print_units(title: str, rows: pl.DataFrame, limit: int | None) -> None:
    if rows.is_empty():
        return
    shown = rows if limit is None else rows.head(limit)
    heads = say("Kỳ|Đơn vị|Tên|Biểu|Hạn|Trạng thái", "Period|Unit|Name|Form|Due|State").split("|")
    cells = [
        [row["period"], row["unit"], row["name"], row["form"], row["due"], _state(row["state"])]
        for row in shown.to_dicts()
    ]
    out.print(table(f"{title} ({vi_number(rows.height)})", heads, cells))
    if rest := rows.height - shown.height:
        out.print(say(f"  … và {vi_number(rest)} báo cáo nữa: thêm --all", f"  … and {rest:,} more: add --all"))


def _state(state: str) -> Any:
    return coloured(STATES.get(state, state), state)


def _print_verdict(held: Conference, found: Readiness) -> None:
    for note in found.notes:
        out.print(f"• {say(note.vi, note.en)}", soft_wrap=True)
    if held.is_frozen:
        return
    for obstacle in found.obstacles:
        out.print(f"✗ {say(obstacle.vi, obstacle.en)}", style="red", soft_wrap=True)
    if found.is_ready:
        out.print(
            say(
                f"✓ Sẵn sàng chốt số liệu: tongket conference freeze {held.code}",
                f"✓ Ready to be frozen: tongket conference freeze {held.code}",
            ),
            style="green",
        )
    else:
        out.print(
            say("✗ CHƯA sẵn sàng: còn những điều ✗ ở trên.", "✗ NOT ready: see what is marked ✗."), style="bold red"
        )


# ------------------------------------------------------------------------------------------------ freeze, verify


@conference_app.command(help=say("chốt số liệu: từ đó không thay đổi nữa", "freeze the figures, once and for all"))
def freeze(
    code: Code,
    override: Annotated[
        bool, typer.Option("--override", help=say("vẫn chốt khi còn báo cáo lỗi, chờ", "although reports are left out"))
    ] = False,
    reason: Annotated[str | None, typer.Option(help=say("lý do, được ghi lại", "the reason, kept on record"))] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """One moment, one transaction: what comes later changes nothing of it, and ``diff`` tells what it would have."""
    from tasks.conference import freeze as freeze_it
    from tasks.store import register_of

    chosen, engine = open_warehouse()
    held = freeze_it(engine, register_of(chosen), code, who=decider(by), reason=reason, override=override)
    if as_json:
        print_json(_head(held))
        return
    assert held.frozen_at is not None
    out.print(
        say(
            f"✓ Đã chốt số liệu {held.code} lúc {shown_moment(held.frozen_at)}.",
            f"✓ The figures of {held.code} are frozen at {shown_moment(held.frozen_at)}.",
        )
    )
    out.print(f"  SHA-256 {held.hash}", soft_wrap=True)
    if held.override_reason:
        out.print(say(f"  Vẫn chốt vì: {held.override_reason}", f"  Because: {held.override_reason}"), soft_wrap=True)


@conference_app.command(help=say("số liệu đã chốt còn nguyên vẹn không", "whether what was frozen is still the same"))
def verify(code: Code, as_json: AsJson = False) -> None:
    """Exit code 1 when it is not."""
    from tasks.conference import verify as prove

    _, engine = open_warehouse()
    found = prove(engine, code)
    damaged = sorted(name for name, holds in found.parts.items() if not holds)
    if as_json:
        told = {"holds": found.holds, "hash": found.conference.hash, "recomputed": found.recomputed}
        print_json({"code": code, **told, "damaged": damaged, "parts": dict(found.parts)})
    elif found.holds:
        count = vi_number(len(found.parts))
        out.print(
            say(
                f"✓ Nguyên vẹn: {count} bảng, SHA-256 {found.conference.hash}",
                f"✓ As it was frozen: {count} frames, SHA-256 {found.conference.hash}",
            ),
            soft_wrap=True,
        )
    else:
        named = ", ".join(damaged) or say("thiếu hoặc thừa bảng", "a frame is missing or too many")
        err.print(
            say(
                f"✗ KHÔNG còn như lúc chốt: {named}. Khôi phục từ bản sao lưu.",
                f"✗ NOT as it was frozen: {named}. Bring back a backup.",
            ),
            soft_wrap=True,
        )
    if not found.holds:
        raise typer.Exit(WOULD_REJECT)


# ------------------------------------------------------------------------------------------------ diff


@conference_app.command(help=say("số nào đã khác từ khi chốt, vì đâu", "what changed since the freeze, and why"))
def diff(
    code: Code,
    unit: UnitOption = None,
    indicator: Annotated[
        str | None,
        typer.Option(help=say("một chỉ tiêu, có thể kèm [phân tổ]", "one indicator, with [breakdown] if any")),
    ] = None,
    limit: Annotated[int, typer.Option(help=say("số dòng nhiều nhất", "most figures told"), min=1)] = _TOLD,
    as_json: AsJson = False,
) -> None:
    """The frozen figures stay; this is what would be otherwise if they were frozen now. ``--unit``: with all below."""
    from tasks.conference_diff import differences
    from tasks.store import register_of

    chosen, engine = open_warehouse()
    found = differences(engine, register_of(chosen), code)
    units = _below(found, unit)
    name, _, breakdown = (indicator or "").partition("[")
    if name and name not in found.frozen["indicators"]["indicator"].to_list():
        refuse(say(f"Không có chỉ tiêu {name!r}.", f"There is no indicator {name!r}."))
    rows = found.about(units, name or None, breakdown.removesuffix("]") if breakdown else None)
    if as_json:
        print_json(_diff_json(found, rows, limit, units))
    else:
        _print_diff(found, rows, limit, units)


def _below(found: Differences, unit: str | None) -> list[str] | None:
    if unit is None:
        return None
    if unit not in found.frozen["units"]["unit"].to_list():
        refuse(
            say(
                f"Đơn vị {unit} không thuộc hội nghị {found.frozen.conference}.",
                f"The unit {unit} is not one of the conference {found.frozen.conference}.",
            )
        )
    return found.frozen.within(unit)["units"]["unit"].to_list()


def _diff_json(found: Differences, rows: pl.DataFrame, limit: int, units: list[str] | None) -> dict[str, Any]:
    reports, acts = found.reports, found.acts
    wanted = {key for causes in rows.head(limit)["causes"].to_list() for key in causes}
    mine = reports if units is None else reports.filter(reports["unit"].is_in(units) | reports["key"].is_in(wanted))
    return {
        "conference": found.frozen.conference,
        "frozen_at": found.frozen.frozen_at,
        "hash": found.frozen.hash,
        "count": rows.height,
        "kinds": dict(rows.group_by("kind").len().sort("kind").iter_rows()),
        "figures": finite(rows.head(limit).to_dicts()),
        "reports": [
            {**report, "acts": acts.filter(acts["key"] == report["key"]).drop("key", "name").to_dicts()}
            for report in mine.to_dicts()
        ],
        "versions": list(found.versions),
        "besides": list(found.besides),
        "stale": [list(pair) for pair in found.stale],
    }


def _print_diff(found: Differences, rows: pl.DataFrame, limit: int, units: list[str] | None) -> None:
    if found.stale:
        named = ", ".join(f"{period} {form}" for period, form in found.stale)
        err.print(
            say(
                f"! Số tổng hợp hiện nay cũ hơn báo cáo: {named}; phần tổng hợp dưới đây có thể chưa đủ.",
                f"! The totals of now are older than their reports: {named}; what is told of totals may be incomplete.",
            ),
            soft_wrap=True,
        )
    _print_beside(found)
    if rows.is_empty():
        out.print(say("Không số liệu nào khác lúc chốt.", "No figure differs from what was frozen."))
    else:
        _print_figures(found, rows, limit)
    _print_reports(found, units)


def _print_figures(found: Differences, rows: pl.DataFrame, limit: int) -> None:
    heads = say("Kỳ|Đơn vị|Chỉ tiêu|Số|Lúc chốt|Nay||Do", "Period|Unit|Indicator|Figure|Frozen|Now||Because of").split(
        "|"
    )
    cells = [
        [
            row["period"],
            row["unit"],
            _indicator(row, found),
            _LEVELS[row["level"]],
            _figure(row, "then"),
            _figure(row, "now"),
            _CHANGES[row["kind"]],
            _because(row, found),
        ]
        for row in rows.head(limit).to_dicts()
    ]
    title = say(f"{vi_number(rows.height)} số liệu khác lúc chốt", f"{rows.height:,} figures differ from the freeze")
    out.print(table(title, heads, cells, right=(4, 5)))
    if (rest := rows.height - limit) > 0:
        out.print(
            say(
                f"  … và {vi_number(rest)} số liệu nữa: thêm --limit, --unit hoặc --indicator",
                f"  … and {rest:,} more: add --limit, --unit or --indicator",
            )
        )


def _indicator(row: dict[str, Any], found: Differences) -> str:
    label = row[f"label_{LANG}"] or row["indicator"]
    if not row["breakdown"]:
        return str(label)
    words = found.frozen["labels"].filter(list="breakdown", code=row["breakdown"])[f"label_{LANG}"].to_list()
    return f"{label} [{words[0] if words else row['breakdown']}]"


def _figure(row: dict[str, Any], side: str) -> str:
    if row["kind"] == ("new" if side == "then" else "gone"):
        return "–"
    value = row[f"value_{side}"]
    coverage = ""
    if row[f"expected_{side}"] is not None and row[f"reported_{side}"] is not None:
        coverage = f" ({vi_number(row[f'reported_{side}'])}/{vi_number(row[f'expected_{side}'])})"
    if value is None:
        return say("không có số", "no figure") + coverage
    quantity = vi_quantity if LANG == "vi" else en_quantity
    is_percent = row["indicator_kind"] in ("percent", "ratio")
    return str(quantity(round(value, 2), row[f"qualifier_{side}"], percent=is_percent)) + coverage


def _because(row: dict[str, Any], found: Differences) -> str:
    units = list(dict.fromkeys(key.split("/")[1] for key in row["causes"]))
    if units:
        rest = len(units) - 3
        return ", ".join(units[:3]) + (say(f" và {rest} đơn vị", f" and {rest} more") if rest > 0 else "")
    return ", ".join(_VERSIONS.get(part, part) for part in found.versions) or "–"


_VERSIONS = {
    "definitions": say("bộ định nghĩa", "definitions"),
    "register": say("danh bạ đơn vị", "the register"),
    "rules": say("quy tắc kiểm tra", "rules"),
    "totals": say("cách tính tổng hợp", "how totals are made"),
}


def _print_beside(found: Differences) -> None:
    if found.versions:
        named = ", ".join(_VERSIONS.get(part, part) for part in found.versions)
        out.print(say(f"Đã đổi từ khi chốt: {named}.", f"Changed since the freeze: {named}."))
    if found.besides:
        named = ", ".join(found.besides)
        out.print(say(f"Ngoài số liệu, các bảng khác lúc chốt: {named}.", f"Other frames that differ: {named}."))


def _print_reports(found: Differences, units: list[str] | None) -> None:
    reports = found.reports if units is None else found.reports.filter(found.reports["unit"].is_in(units))
    if reports.is_empty():
        return
    heads = say(
        "Kỳ|Đơn vị|Biểu|Lúc chốt|Nay|Tệp nay|Lúc đến|Lý do", "Period|Unit|Form|Frozen|Now|File now|Received|Reason"
    ).split("|")
    cells = [
        [
            row["period"],
            row["unit"],
            row["form"],
            _version(row["version_then"]),
            _version(row["version"]) or _became(row),
            row["file_name"],
            shown_moment(row["received_at"]) if row["received_at"] else None,
            _reasons(row["key"], found),
        ]
        for row in reports.head(_TOLD).to_dicts()
    ]
    out.print(table(say("Báo cáo đã thay đổi từ khi chốt", "Reports that changed since"), heads, cells))
    if (rest := reports.height - _TOLD) > 0:
        out.print(say(f"  … và {vi_number(rest)} báo cáo nữa: --json", f"  … and {rest:,} more: --json"))


def _version(version: int | None) -> str | None:
    return None if version is None else say(f"bản {version}", f"version {version}")


def _became(row: dict[str, Any]) -> str:
    return STATES.get(row["became"], row["became"] or "–")


def _reasons(key: str, found: Differences) -> str | None:
    from warehouse.words import ACTS

    told = [
        f"{ACTS[act['act']][LANG != 'vi']} · {act['who']} · {act['reason']}"
        for act in found.acts.filter(found.acts["key"] == key).to_dicts()
    ]
    return "; ".join(told) or None
