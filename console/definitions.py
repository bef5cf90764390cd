"""``catalog`` and ``template``: the definitions, and the workbooks made from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.common import AsJson, UnitOption, definitions, known_period, settings
from console.output import REFUSED, out, print_json, refuse, table
from console.scheduling import holiday_lines
from console.words import LANG, say

if TYPE_CHECKING:
    from catalog import Catalog

catalog_app = typer.Typer(help=say("bộ định nghĩa: kiểm tra, giải thích", "the definitions: prove, explain"))


def register(app: typer.Typer) -> None:
    app.add_typer(catalog_app, name="catalog")
    app.command(help=say("tạo biểu mẫu Excel cho đơn vị điền", "make the workbook a unit fills in"))(template)


# ------------------------------------------------------------------------------------------------ catalog


@catalog_app.command(
    "check", help=say("chứng minh bộ định nghĩa nhất quán", "prove that the definitions hold together")
)
def catalog_check(
    root: Annotated[Path | None, typer.Argument(help=say("thư mục định nghĩa", "definitions folder"))] = None,
    as_json: AsJson = False,
) -> None:
    from catalog import CatalogError, load_catalog
    from domain.clock import today

    folder = root or settings().catalog_root
    try:
        catalog = load_catalog(folder)
        _prove_rules(catalog)
    except CatalogError as error:
        _print_faults(error, as_json)
        raise typer.Exit(REFUSED) from None
    counts = _counts(catalog)
    warnings = holiday_lines(catalog, today())
    if as_json:
        print_json({"root": folder, "fingerprint": catalog.fingerprint, "faults": [], "warnings": warnings, **counts})
        return
    out.print(
        say(
            "✓ Nhất quán: {indicators} chỉ tiêu · {forms} biểu mẫu · {rules} quy tắc · {units} đơn vị · {messages} câu",
            "✓ Consistent: {indicators} indicators · {forms} forms · {rules} rules · {units} units · {messages} texts",
        ).format(**counts)
    )
    for line in warnings:
        out.print(f"! {line}")


def _prove_rules(catalog: Catalog) -> None:
    """Raise ``CatalogError`` naming every rule that does not fire on its counterexample."""
    from catalog import CatalogError
    from tasks.proving import unproved

    faults = list(unproved(catalog))
    if faults:
        raise CatalogError(faults)


def _counts(catalog: Any) -> dict[str, int]:
    return {name: len(getattr(catalog, name)) for name in ("indicators", "forms", "rules", "units", "messages")}


def _print_faults(error: Any, as_json: bool) -> None:
    if as_json:
        print_json({"faults": [{"file": f.file, "where": f.where, "what": f.what} for f in error.faults]})
        return
    columns = (say("Tệp", "File"), say("Chỗ", "Where"), say("Sai gì", "What is wrong"))
    out.print(
        table(say("Lỗi trong bộ định nghĩa", "Faults"), columns, [(f.file, f.where, f.what) for f in error.faults])
    )


@catalog_app.command(
    "show", help=say("giải thích một chỉ tiêu, quy tắc hay biểu mẫu", "explain an indicator, rule or form")
)
def catalog_show(code: str, as_json: AsJson = False) -> None:
    catalog = definitions(settings())
    found = catalog.indicators.get(code) or catalog.rules_by_id.get(code) or catalog.forms.get(code)
    if found is None:
        refuse(say(f"Không có định nghĩa nào mang mã {code!r}.", f"No definition has the code {code!r}."))
    shown = found.model_dump(mode="json", exclude={"places", "counterexample"})
    if as_json:
        print_json(shown)
        return
    rows = [(key, _flat(value)) for key, value in shown.items() if value not in (None, "", [], {}, ())]
    if code in catalog.indicators:
        named = [rule.id for rule in catalog.rules if code in str(rule.check)]
        rows.append((say("quy tắc", "rules"), ", ".join(named) or "–"))
    out.print(table(code, (say("Thuộc tính", "Property"), say("Giá trị", "Value")), rows))


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_flat(item.get("code", item) if isinstance(item, dict) else item) for item in value)
    if isinstance(value, dict):
        return " · ".join(f"{key}={_flat(item)}" for key, item in value.items() if item not in (None, [], ""))
    return str(value)


# ------------------------------------------------------------------------------------------------ template


def template(
    form: Annotated[str, typer.Option(help=say("mã biểu mẫu", "form id"))],
    period: Annotated[str, typer.Option(help=say("mã kỳ báo cáo", "period code"))],
    unit: UnitOption = None,
    every: Annotated[
        bool, typer.Option("--all", help=say("cho mọi đơn vị phải báo cáo", "for every unit that owes it"))
    ] = False,
    to: Annotated[
        Path | None, typer.Option("--out", help=say("tệp hoặc thư mục ghi ra", "file or folder to write"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the template of one unit, or of every unit that owes the form for the period."""
    from tasks.store import engine_if_any, register_of
    from tasks.templates import TemplateRefusedError, write_templates

    chosen = settings()
    catalog = register_of(chosen)
    window = known_period(catalog, period)
    if form not in catalog.forms:
        refuse(
            say(f"Không có biểu mẫu {form!r}; có: ", f"There is no form {form!r}; there are: ")
            + ", ".join(catalog.forms)
        )
    if (unit is None) == (not every):
        refuse(say("Chọn một: --unit MÃ hoặc --all.", "Choose one: --unit CODE or --all."))
    try:
        folder = to or chosen.workspace.templates
        written = write_templates(catalog, form, window, unit, folder, engine_if_any(chosen))
    except TemplateRefusedError as error:
        refuse(error.vi if LANG == "vi" else error.en)
    if as_json:
        print_json([str(path) for path in written])
        return
    for path in written[:5]:
        out.print(f"✓ {path}", soft_wrap=True)
    if len(written) > 5:
        out.print(say(f"… tất cả {len(written)} tệp", f"… {len(written)} files in all"))
