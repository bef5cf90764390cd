"""``compare``: a period beside the one before it or the same one last year, through reforms of the units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console.common import AsJson, definitions, known_period, known_unit, open_warehouse
from console.output import finite, out, print_json, refuse, table
from console.reading import breakdown_in_words
from console.words import LANG, say
from domain.changes_told import bounds_told, change_told, is_unchanged
from domain.comparison import Boundaries, Caution, NotComparable
from domain.numbers import en_quantity, vi_number, vi_quantity

if TYPE_CHECKING:
    from catalog import Catalog
    from domain.period import Period
    from tasks.settings import Settings

#: What concerns the whole unit is said once, not beside each of its figures.
_OF_THE_UNIT = (NotComparable.SPLIT, NotComparable.UNTOLD, NotComparable.NOT_THE_SAME)


def register(app: typer.Typer) -> None:
    app.command(help=say("so với kỳ trước hay cùng kỳ năm trước", "beside the period before or last year's"))(compare)


def compare(
    period: Annotated[str, typer.Option(help=say("mã kỳ báo cáo", "period code"))],
    unit: Annotated[str, typer.Option(help=say("mã đơn vị", "unit code"))],
    other: Annotated[
        str | None, typer.Option("--with", help=say("so với kỳ này", "compare with this period"), metavar="PERIOD")
    ] = None,
    previous: Annotated[
        bool, typer.Option("--previous", help=say("so với kỳ liền trước", "the period before"))
    ] = False,
    last_year: Annotated[
        bool, typer.Option("--last-year", help=say("so với cùng kỳ năm trước (mặc định)", "last year (the default)"))
    ] = False,
    boundaries: Annotated[
        Literal["now", "then", "filed"],
        typer.Option(
            help=say(
                "theo địa bàn nay (now), địa bàn cũ (then), hay như đã nộp (filed)",
                "on today's boundaries (now), the old ones (then), or as filed",
            )
        ),
    ] = "now",
    indicator: Annotated[
        str | None,
        typer.Option(help=say("một chỉ tiêu, có thể kèm [phân tổ]", "one indicator, with [breakdown] if any")),
    ] = None,
    form: Annotated[str | None, typer.Option(help=say("chỉ biểu mẫu này", "this form only"))] = None,
    everything: Annotated[
        bool,
        typer.Option("--everything", help=say("cả chỉ tiêu không kỳ nào có số liệu", "also what neither period has")),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Every total of a unit beside that of an older period: change, coverage, and why where there is none."""
    from tasks.year_on_year import Asked, NoSuchUnitError, compare_unit

    chosen, engine = open_warehouse()
    catalog = definitions(chosen)
    now = known_period(catalog, period)
    known_unit(engine, unit)
    asked = Asked(_base(catalog, now, other, previous=previous, last_year=last_year), now, Boundaries(boundaries))
    code, _, breakdown = (indicator or "").partition("[")
    forms = _forms(catalog, form)
    if code:
        _known_indicator(catalog, code)
    try:
        rows = compare_unit(engine, catalog, asked, unit, forms, code or None)
    except NoSuchUnitError as error:
        _refuse_unit(chosen, error.code, error.period, asked)
    if breakdown:
        rows = [row for row in rows if row["breakdown"] == breakdown.removesuffix("]")]
    told = [row for row in rows if everything or row["value_then"] is not None or row["value_now"] is not None]
    if as_json:
        print_json(finite([{**row, **_sentences(row)} for row in told]))
        return
    if not told:
        refuse(
            say(
                f"Chưa có số liệu nào của {unit} kỳ {now.code} và kỳ {asked.then.code}.",
                f"There is no figure of {unit} for {now.code} or {asked.then.code} yet.",
            )
        )
    _print(told, asked.then, now, catalog)


# ------------------------------------------------------------------------------------------------ what is asked


def _base(catalog: Catalog, now: Period, other: str | None, *, previous: bool, last_year: bool) -> Period:
    """The older period; refuses a choice of two, other calendars and kinds, and what does not come before."""
    if sum((other is not None, previous, last_year)) > 1:
        refuse(say("Chọn một trong --with, --previous, --last-year.", "Choose one of --with, --previous, --last-year."))
    if other is None:
        found = catalog.period_before(now) if previous else catalog.year_before(now)
        if found is None:
            refuse(say(f"Không có kỳ nào trước {now.code} để so.", f"There is no period before {now.code}."))
        return found
    then = known_period(catalog, other)
    if (then.calendar, then.kind) != (now.calendar, now.kind):
        refuse(
            say(
                f"{then.code} và {now.code} khác lịch hoặc khác loại kỳ, không so được; chọn kỳ cùng loại.",
                f"{then.code} and {now.code} differ in calendar or kind; choose a period of the same kind.",
            )
        )
    if then.window.last >= now.window.first:
        refuse(
            say(
                f"Kỳ gốc {then.code} phải kết thúc trước kỳ {now.code}; đổi chỗ hai kỳ.",
                f"The base period {then.code} must end before {now.code}; exchange the two.",
            )
        )
    return then


def _forms(catalog: Catalog, form: str | None) -> list[str]:
    if form is not None and form not in catalog.forms:
        known = ", ".join(catalog.forms)
        refuse(say(f"Không có biểu mẫu {form!r}. Có: {known}", f"There is no form {form!r}. There are: {known}"))
    return [form] if form else list(catalog.forms)


def _known_indicator(catalog: Catalog, code: str) -> None:
    if code not in catalog.indicators:
        refuse(say(f"Không có chỉ tiêu {code!r}.", f"There is no indicator {code!r}."))
    refusal = catalog.comparison.refusal(code)
    if refusal is not None:
        reason = say(refusal.reason_vi, refusal.reason_en)
        refuse(say(f"Không so sánh {code} theo thời gian: {reason}.", f"{code} is not compared over time: {reason}."))


def _refuse_unit(chosen: Settings, code: str, period: Period, asked: Any) -> None:
    """The code names no unit on that day: say where the one that bore it is, and what to ask instead."""
    from catalog.lookup import what_became
    from tasks.store import register_of

    day = period.window.last
    register = register_of(chosen)
    before = register.unit_on(code, asked.then.window.last)
    sentence = say(
        f"Ngày {day:%d/%m/%Y} không có đơn vị mã {code}.", f"On {day:%d/%m/%Y} no unit bears the code {code}."
    )
    if before is not None:
        ends = [end for end in what_became(register, before, asked.now.window.last) if end.unit is not None]
        places = "; ".join(f"{end.unit.name} {end.unit.code} ({', '.join(end.documents)})" for end in ends if end.unit)
        where = say(f" {before.name} nay ở trong {places}.", f" {before.name} is now in {places}.") if places else ""
        sentence += where + say(
            " So với đơn vị nay (--unit), hoặc thêm --boundaries then.",
            " Ask for today's unit (--unit), or add --boundaries then.",
        )
    elif asked.boundaries is not Boundaries.NOW:
        sentence += say(" Thử --boundaries now.", " Try --boundaries now.")
    refuse(sentence)


# ------------------------------------------------------------------------------------------------ what is said


def _print(rows: list[dict[str, Any]], then: Period, now: Period, catalog: Catalog) -> None:
    several = len({row["form"] for row in rows}) > 1
    lines = []
    for row in rows:
        words = breakdown_in_words(catalog, row["breakdown"])
        label = row[f"label_{LANG}"] + (f" · {words}" if words else "") + (f" [{row['form']}]" if several else "")
        lines.append(
            (label, _sentences(row)[f"sentence_{LANG}"], _coverage(row, "then"), _coverage(row, "now"), _note(row))
        )
    columns = (
        say("Chỉ tiêu", "Indicator"),
        say("Kỳ này và mức thay đổi", "The figure and its change"),
        f"n/N {then.code}",
        f"n/N {now.code}",
        say("Ghi chú", "Note"),
    )
    first = rows[0]
    on = {
        "now": say("theo địa bàn nay", "on today's boundaries"),
        "then": say("theo địa bàn cũ", "on the old boundaries"),
        "filed": say("NHƯ ĐÃ NỘP, không quy đổi địa bàn", "AS FILED, boundaries not mapped"),
    }[first["boundaries"]]
    versus = say("so với", "beside")
    title = f"{first['unit_name']} ({first['unit']}) · {now.code} {versus} {then.code} · {on}"
    out.print(table(title, columns, lines, right=(2, 3)))
    for reason in dict.fromkeys(row[f"reason_{LANG}"] for row in rows if row["reason"] in _OF_THE_UNIT):
        out.print(say(f"Không so sánh được: {reason}.", f"Not comparable: {reason}."), soft_wrap=True)


def _note(row: dict[str, Any]) -> str:
    reason = "" if row["reason"] in _OF_THE_UNIT else row[f"reason_{LANG}"]
    return "; ".join(filter(None, (reason, row[f"caution_{LANG}"])))


def _coverage(row: dict[str, Any], side: str) -> str:
    if row["reason"] in _OF_THE_UNIT and row[f"value_{side}"] is None:
        return "–"
    if row[f"source_{side}"] == "reported" and not row[f"reported_{side}"]:
        return say("nêu chung", "stated as a whole")
    return f"{vi_number(row[f'reported_{side}'])}/{vi_number(row[f'expected_{side}'])}"


def _sentences(row: dict[str, Any]) -> dict[str, str]:
    """``11.713 · tăng 481,3 % so với 2.015`` in both languages."""
    return {"sentence_vi": _sentence_vi(row), "sentence_en": _sentence_en(row)}


def _sentence_vi(row: dict[str, Any]) -> str:
    now, then = (_figure(row, side, vi_quantity) for side in ("now", "then"))
    if not row["comparable"]:
        beside = f" · kỳ gốc {then}" if row["value_then"] is not None else ""
        return f"{now}{beside} · không so sánh được"
    if is_unchanged(row):
        return f"{now} · không đổi so với {then}"
    if Caution.DIRECTION_UNKNOWN.value in row["cautions"].split(","):
        return f"{now} · không rõ tăng hay giảm so với {then}{bounds_told(row, 'vi')}"
    return f"{now} · {change_told(row, 'vi')} so với {then}{bounds_told(row, 'vi')}"


def _sentence_en(row: dict[str, Any]) -> str:
    now, then = (_figure(row, side, en_quantity) for side in ("now", "then"))
    if not row["comparable"]:
        beside = f" · base {then}" if row["value_then"] is not None else ""
        return f"{now}{beside} · not comparable"
    if is_unchanged(row):
        return f"{now} · unchanged from {then}"
    if Caution.DIRECTION_UNKNOWN.value in row["cautions"].split(","):
        return f"{now} · up or down on {then}, nobody can tell{bounds_told(row, 'en')}"
    return f"{now} · {change_told(row, 'en')} on {then}{bounds_told(row, 'en')}"


def _figure(row: dict[str, Any], side: str, quantity: Any) -> str:
    value = row[f"value_{side}"]
    if value is None:
        return "–"
    return str(quantity(round(value, 2), row[f"qualifier_{side}"], percent=row["kind"] in ("percent", "ratio")))
