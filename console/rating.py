"""``rating``: what grades the rules propose, with the figures behind each; and what a person decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import decider
from console.common import AsJson, PeriodOption, UnitOption, definitions, known_period, known_unit, open_warehouse
from console.output import finite, out, print_json, refuse, table
from console.words import LANG, say
from domain.numbers import en_number, vi_number
from domain.rating import BETWEEN, CONFIRM_WORDS, NO_FIGURE_WORDS

if TYPE_CHECKING:
    from catalog import Catalog
    from catalog.rating import RatingRules
    from tasks.rating import Proposed

rating_app = typer.Typer(help=say("đề xuất và quyết định xếp loại", "grades: proposed and decided"))

#: Of a longer group only the beginning is drawn; ``--json`` has everything.
_MOST_DRAWN = 60

_PLACES = {
    "within": say("trong giới hạn", "within the cap"),
    "contested": say("ngang nhau ở giới hạn", "tied at the cap"),
    "beyond": say("vượt giới hạn", "beyond the cap"),
}
_DENOMINATORS = {
    "good_only": say("số hoàn thành tốt, không kể xuất sắc", "those rated good, the excellent not among them"),
    "good_or_better": say("số hoàn thành tốt trở lên", "those rated good or better"),
}
_PERIOD = Annotated[str, typer.Option("--period", help=say("mã kỳ báo cáo", "period code"))]


def register(app: typer.Typer) -> None:
    app.add_typer(rating_app, name="rating")


# ------------------------------------------------------------------------------------------------ propose


@rating_app.command("propose", help=say("đề xuất mức xếp loại, kèm số liệu", "propose grades, with the figures"))
def rating_propose(period: _PERIOD, unit: UnitOption = None, as_json: AsJson = False) -> None:
    """The proposal of a period: ranked lists by peer group, the arithmetic of the cap, who is just under a threshold,
    and what is missing. With --unit that of the unit and of all below it. Nothing is decided by it.
    """
    from tasks.rating import propose, within

    chosen, engine = open_warehouse()
    catalog = definitions(chosen)
    known_unit(engine, unit)
    found = propose(engine, catalog, known_period(catalog, period))
    if unit is not None:
        found = within(engine, found, unit)
    if as_json:
        print_json(_as_json(found))
        return
    if found.units.is_empty():
        refuse(say(f"Không có đơn vị nào thuộc diện xếp loại kỳ {period}.", f"No unit is to be rated for {period}."))
    _print_rules(found.rules, period)
    for group in found.groups.to_dicts():
        _print_group(catalog, found, group)
    _print_not_rated(found)
    out.print(
        say(
            "Đây là đề xuất. Quyết định: tongket rating decide ĐƠN_VỊ --period KỲ --grade MỨC --reason … --by …",
            "This is a proposal. Decide: tongket rating decide UNIT --period P --grade G --reason … --by …",
        )
    )


def _as_json(found: Proposed) -> dict[str, Any]:
    from tasks.rating_words import cap_words

    by_unit = {
        name: {
            key[0]: finite(part.drop("unit").to_dicts())
            for key, part in frame.partition_by("unit", as_dict=True, maintain_order=True).items()
        }
        for name, frame in (("criteria", found.criteria), ("conditions", found.conditions), ("facts", found.facts))
    }
    groups = []
    for group in found.groups.to_dicts():
        units = found.units.filter(found.units["peer_group"] == group["peer_group"])
        vi, en = cap_words(group, found.rules)
        listed = [
            {**row, **{name: by_unit[name].get(row["unit"], []) for name in by_unit}}
            for row in finite(_ranked(units.drop("unit_id")))
        ]
        groups.append({**group, "arithmetic_vi": vi, "arithmetic_en": en, "units": listed})
    rules = found.rules.model_dump(mode="json", exclude={"criteria", "conditions"})
    return {
        "period": found.period.code,
        "rules": rules,
        "criteria": [item.model_dump(mode="json") for item in found.rules.criteria],
        "conditions": [item.model_dump(mode="json") for item in found.rules.conditions],
        "groups": groups,
    }


def _ranked(units: Any) -> list[dict[str, Any]]:
    """By points, the most first; those without by their upper bound; those without a grade last."""
    ordered = units.sort("points_upper", "points_lower", "unit", descending=[True, True, False], nulls_last=True)
    rows: list[dict[str, Any]] = ordered.to_dicts()
    return rows


def _print_rules(rules: RatingRules, period: str) -> None:
    label = say(rules.label_vi, rules.label_en)
    out.print(
        say(f"Đề xuất xếp loại kỳ {period} theo {label} [{rules.id}]", f"Ratings for {period} by {label} [{rules.id}]")
    )
    note = say(rules.note_vi, rules.note_en)
    if not rules.text_read:
        out.print(f"! {note}.", soft_wrap=True)
    judged = ", ".join(say(item.label_vi, item.label_en) for item in rules.criteria if item.origin == "judgement")
    if judged:
        out.print(
            say(
                f"! Điểm của các tiêu chí này là của chương trình, cần thay bằng quy định của cơ quan: {judged}.",
                f"! Points of these criteria are this program's own, to be replaced by the organisation's: {judged}.",
            ),
            soft_wrap=True,
        )
    confirmed = "; ".join(say(item.label_vi, item.label_en) for item in rules.conditions if item.test is None)
    if confirmed:
        out.print(
            say(
                f"! Số liệu không nói được, người đánh giá xác nhận với từng đơn vị: {confirmed}.",
                f"! No figure tells these, a person confirms them of each unit: {confirmed}.",
            ),
            soft_wrap=True,
        )


def _print_group(catalog: Catalog, found: Proposed, group: dict[str, Any]) -> None:
    from tasks.rating_words import cap_words

    units = found.units.filter(found.units["peer_group"] == group["peer_group"])
    rated = [row for row in _ranked(units) if row["reason"] is None]
    arithmetic = cap_words(group, found.rules)[0 if LANG == "vi" else 1]
    if not rated:
        return
    _print_ranked(catalog, found, rated, say(f"Nhóm {group['peer_group']}", f"Group {group['peer_group']}"))
    _print_cap(catalog, found.rules, group, rated, arithmetic)


def _print_ranked(catalog: Catalog, found: Proposed, rated: list[dict[str, Any]], title: str) -> None:
    """A column a criterion: the points it gives, of how many; what a person confirms of every unit is said once."""
    points: dict[str, dict[str, str]] = {}
    for row in found.criteria.to_dicts():
        points.setdefault(row["unit"], {})[row["criterion"]] = _range(row["points_lower"], row["points_upper"])
    weights = {
        row["criterion"]: row["weight"]
        for unit in rated[:1]
        for row in found.criteria.to_dicts()
        if row["unit"] == unit["unit"]
    }
    criteria = [item for item in found.rules.criteria if item.id in weights]
    columns = (
        say("Hạng", "Rank"),
        say("Đơn vị", "Unit"),
        say("Điểm", "Points"),
        *(f"{say(item.label_vi, item.label_en)} /{_write(weights[item.id])}" for item in criteria),
        say("Đề xuất", "Proposed"),
        say("Đã quyết định", "Decided"),
        say("Không đạt, còn thiếu", "Fails, missing"),
    )
    drawn = [
        (
            row["position"],
            f"{row['name']} ({row['unit']})",
            _range(row["points_lower"], row["points_upper"]),
            *(points[row["unit"]].get(item.id, "–") for item in criteria),
            _short(catalog, row["proposed"]),
            _short(catalog, row["decided"]),
            _remarks(found, row),
        )
        for row in rated[:_MOST_DRAWN]
    ]
    out.print(table(title, columns, drawn, right=(0, 2, *range(3, 3 + len(criteria)))))
    if len(rated) > _MOST_DRAWN:
        out.print(say(f"… tất cả {len(rated)} đơn vị; xem hết: --json", f"… {len(rated)} units; see them with --json"))


def _remarks(found: Proposed, row: dict[str, Any]) -> str:
    """What counts against a unit, and what is missing besides that which a person confirms of everybody."""
    language = 0 if LANG == "vi" else 1
    of_points = len(found.criteria.filter(found.criteria["unit"] == row["unit"]))
    against = row[f"why_{LANG}"].split("; ")[1 + of_points :]
    missing = [part for part in (row[f"missing_{LANG}"] or "").split("; ") if part]
    told = [part for part in missing if not part.endswith((CONFIRM_WORDS[language], NO_FIGURE_WORDS[language]))]
    absent = sum(part.endswith(NO_FIGURE_WORDS[language]) for part in missing)
    if absent:
        told.append(say(f"{absent} mục chưa có số liệu", f"{absent} without figures"))
    return "; ".join([*against, *told])


def _short(catalog: Catalog, grade: str | None) -> str:
    """``HTXSNV – HTTNV``, as offices abbreviate the grades; their codes in English."""
    if grade is None:
        return "–"
    short = {item.code: (item.aliases or (item.label_vi,))[0] for item in catalog.codelists["grade"].items}
    return " – ".join(say(short.get(part, part), part) for part in grade.split(BETWEEN))


def _print_cap(
    catalog: Catalog, rules: RatingRules, group: dict[str, Any], rated: list[dict[str, Any]], arithmetic: str
) -> None:
    best = _short(catalog, rules.cap.grade)
    basis = _DENOMINATORS[rules.cap.denominator]
    out.print(
        say(
            f"  Giới hạn {best} ({basis}): {arithmetic}. Đủ điều kiện: {group['qualify']}, đã quyết định:"
            f" {group['decided_best']}.",
            f"  Cap on {best} ({basis}): {arithmetic}. Qualify: {group['qualify']}, decided: {group['decided_best']}.",
        ),
        soft_wrap=True,
    )
    if group["decided_best"] > group["cap"]:
        out.print(say("  ! Số đã quyết định vượt giới hạn.", "  ! What was decided goes over the cap."))
    for place in ("beyond", "contested"):
        named = ", ".join(row["unit"] for row in rated if row["place"] == place)
        if named:
            out.print(f"  ! {_PLACES[place]}: {named}", soft_wrap=True)
    near = [(row["unit"], row["just_under"], row["points"]) for row in rated if row["just_under"]]
    if near:
        named = ", ".join(f"{unit} ({_write(points)} → {_short(catalog, grade)})" for unit, grade, points in near)
        out.print(
            say(
                f"  Sát dưới ngưỡng (dưới {_write(rules.margin)} điểm): {named}",
                f"  Just under a threshold (by less than {_write(rules.margin)} points): {named}",
            ),
            soft_wrap=True,
        )


def _write(number: float) -> str:
    return (vi_number if LANG == "vi" else en_number)(round(number, 2))


def _range(low: float, high: float) -> str:
    lower, upper = _write(low), _write(high)
    return lower if lower == upper else f"{lower} – {upper}"


def _print_not_rated(found: Proposed) -> None:
    rows = found.units.filter(found.units["reason"].is_not_null()).to_dicts()
    if not rows:
        return
    columns = (say("Đơn vị", "Unit"), say("Vì sao", "Why"), say("Đã quyết định", "Decided"))
    drawn = [
        (f"{row['name']} ({row['unit']})", row[f"missing_{LANG}"], row[f"decided_{LANG}"]) for row in rows[:_MOST_DRAWN]
    ]
    out.print(table(say(f"Không xếp loại: {len(rows)}", f"Not rated: {len(rows)}"), columns, drawn))
    if len(rows) > _MOST_DRAWN:
        out.print(say(f"… tất cả {len(rows)} đơn vị; xem hết: --json", f"… {len(rows)} units; see them with --json"))


# ------------------------------------------------------------------------------------------------ decide, list


@rating_app.command("decide", help=say("ghi quyết định xếp loại", "put a decided grade down"))
def rating_decide(
    unit: Annotated[str, typer.Argument(help=say("mã đơn vị", "unit code"))],
    period: _PERIOD,
    grade: Annotated[str, typer.Option(help=say("mã mức xếp loại", "code of the grade"))],
    reason: Annotated[
        str | None, typer.Option(help=say("lý do; cần khi khác đề xuất", "the reason; needed where it differs"))
    ] = None,
    who: Annotated[
        str | None,
        typer.Option("--by", "--as", help=say("người quyết định (mặc định: tài khoản máy)", "who decides")),
    ] = None,
    second: Annotated[
        str | None, typer.Option(help=say("người thứ hai cùng quyết định", "second person who agrees"))
    ] = None,
    over_cap: Annotated[
        bool, typer.Option("--over-cap", help=say("vượt giới hạn tỷ lệ, có lý do", "over the cap, for a reason"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The grade a person gave, kept with the proposal of this moment; a later decision is a new version."""
    from tasks.rating import decide
    from tasks.rating_words import grade_words

    chosen, engine = open_warehouse()
    catalog = definitions(chosen)
    window = known_period(catalog, period)
    known_unit(engine, unit)
    version, row = decide(
        engine,
        catalog,
        unit,
        window,
        grade,
        who=decider(who),
        reason=reason,
        second=second,
        over_cap=over_cap,
    )
    if as_json:
        (shown,) = finite([{**row, "grade": grade, "version": version, "period": period}])
        print_json(shown)
        return
    given = say(*grade_words(catalog, grade))
    proposed = row[f"proposed_{LANG}"] or "–"
    out.print(
        say(
            f"✓ {unit} · {period}: {given} (bản {version}; đề xuất lúc này: {proposed}).",
            f"✓ {unit} · {period}: {given} (version {version}; proposed at this moment: {proposed}).",
        ),
        soft_wrap=True,
    )


@rating_app.command("list", help=say("liệt kê mức xếp loại đã quyết định", "list the grades that were decided"))
def rating_list(
    period: PeriodOption = None,
    unit: UnitOption = None,
    history: Annotated[
        bool, typer.Option("--history", help=say("cả các quyết định cũ", "older decisions as well"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    from domain.clock import ZONE
    from warehouse.ratings import decisions_of

    chosen, engine = open_warehouse()
    if period is not None:
        known_period(definitions(chosen), period)
    known_unit(engine, unit)
    found = decisions_of(engine, period=period, units=[unit] if unit else None, history=history)
    rows = finite(found.drop("unit_id").to_dicts())
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(say("Chưa có quyết định xếp loại nào như vậy.", "No such grade was decided yet."))
        return
    columns = (
        say("Kỳ", "Period"),
        say("Đơn vị", "Unit"),
        say("Mức xếp loại", "Grade"),
        say("Đề xuất lúc ấy", "Proposed then"),
        say("Bản", "Version"),
        say("Lúc", "When"),
        say("Ai", "Who"),
        say("Lý do", "Reason"),
    )
    drawn = [
        (
            row["period"],
            f"{row['unit_name']} ({row['unit']})",
            row[f"grade_{LANG}"] + (say(" (vượt giới hạn)", " (over the cap)") if row["over_cap"] else ""),
            row["proposed"],
            row["version"],
            f"{row['recorded_from'].astimezone(ZONE):%d/%m/%Y %H:%M}",
            " + ".join(filter(None, (row["who"], row["second_person"]))),
            row["reason"],
        )
        for row in rows
    ]
    out.print(table(say("Xếp loại đã quyết định", "Grades decided"), columns, drawn))
