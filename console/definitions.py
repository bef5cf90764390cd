"""``catalog``, ``units`` and ``template``: the definitions, the register, and the workbooks made from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.common import AsJson, UnitOption, definitions, known_day, known_period, open_warehouse, settings
from console.output import REFUSED, out, print_json, refuse, table
from console.words import LANG, say

if TYPE_CHECKING:
    from catalog import Catalog

catalog_app = typer.Typer(help=say("bộ định nghĩa: kiểm tra, giải thích", "the definitions: prove, explain"))
units_app = typer.Typer(help=say("danh mục đơn vị", "the register of units"))
AsOf = Annotated[
    str | None, typer.Option("--as-of", help=say("theo ngày, ví dụ 2025-06-30", "on a day, e.g. 2025-06-30"))
]


def register(app: typer.Typer) -> None:
    app.add_typer(catalog_app, name="catalog")
    app.add_typer(units_app, name="units")
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

    folder = root or settings().catalog_root
    try:
        catalog = load_catalog(folder)
        _prove_rules(catalog)
    except CatalogError as error:
        _print_faults(error, as_json)
        raise typer.Exit(REFUSED) from None
    counts = _counts(catalog)
    if as_json:
        print_json({"root": folder, "fingerprint": catalog.fingerprint, "faults": [], **counts})
        return
    out.print(
        say(
            "✓ Nhất quán: {indicators} chỉ tiêu · {forms} biểu mẫu · {rules} quy tắc · {units} đơn vị · {messages} câu",
            "✓ Consistent: {indicators} indicators · {forms} forms · {rules} rules · {units} units · {messages} texts",
        ).format(**counts)
    )


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


# ------------------------------------------------------------------------------------------------ units


@units_app.command("import", help=say("nạp danh mục đơn vị từ tệp CSV", "load units from a CSV file"))
def units_import(file: Path, as_json: AsJson = False) -> None:
    from tasks.register import RegisterRefusedError, import_units

    chosen, engine = open_warehouse()
    try:
        counts = import_units(engine, definitions(chosen), file)
    except RegisterRefusedError as error:
        _print_faults(error, as_json)
        raise typer.Exit(REFUSED) from None
    if as_json:
        print_json(counts)
        return
    out.print(
        say(
            "✓ Thêm {added} · sửa {changed} · giữ nguyên {same} đơn vị",
            "✓ {added} added · {changed} changed · {same} the same",
        ).format(**counts)
    )


@units_app.command("list", help=say("liệt kê đơn vị", "list the units"))
def units_list(
    as_of: AsOf = None,
    kind: Annotated[str | None, typer.Option(help=say("mã loại đơn vị", "code of a kind of unit"))] = None,
    as_json: AsJson = False,
) -> None:
    if kind is not None and kind not in (kinds := definitions(settings()).unit_kinds):
        known = ", ".join(kinds)
        refuse(say(f"Không có loại đơn vị {kind!r}; có: {known}", f"There is no kind {kind!r}; there are: {known}"))
    rows = [row for row in _units(as_of) if kind is None or row["kind"] == kind]
    if as_json:
        print_json(rows)
        return
    columns = (
        say("Mã", "Code"),
        say("Tên", "Name"),
        say("Loại", "Kind"),
        say("Thuộc", "Parent"),
        say("Từ", "From"),
        say("Đến", "To"),
    )
    keys = ("code", "name", "kind", "parent", "valid_from", "valid_to")
    out.print(table(say("Đơn vị", "Units"), columns, [tuple(row[key] for key in keys) for row in rows]))


@units_app.command("tree", help=say("cây đơn vị", "the tree of units"))
def units_tree(as_of: AsOf = None, unit: UnitOption = None, as_json: AsJson = False) -> None:
    from rich.tree import Tree

    rows = _units(as_of or _today())
    if as_json:
        print_json(rows)
        return
    children: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows:
        children.setdefault(row["parent"], []).append(row)
    codes = {row["code"] for row in rows}
    if unit is not None and unit not in codes:
        refuse(say(f"Không có đơn vị {unit!r} vào ngày này.", f"There is no unit {unit!r} on this day."))
    roots = [row for row in rows if row["code"] == unit] if unit else [r for r in rows if r["parent"] not in codes]
    tree = Tree(say("Đơn vị", "Units"))
    _grow(tree, roots, children)
    out.print(tree)


def _grow(tree: Any, rows: list[dict[str, Any]], children: dict[str | None, list[dict[str, Any]]]) -> None:
    from rich.text import Text

    for row in rows:
        branch = tree.add(Text.assemble(row["name"], (f"  {row['code']}", "dim")))
        _grow(branch, children.get(row["code"], []), children)


def _units(as_of: str | None) -> list[dict[str, Any]]:
    """The register as the warehouse holds it; living on a day, or its whole history."""
    from warehouse import queries

    _, engine = open_warehouse()
    return queries.units(engine, known_day(as_of) if as_of else None).to_dicts()


def _today() -> str:
    from tasks.clock import today

    return today().isoformat()


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
    from tasks.store import register_of
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
        written = write_templates(catalog, form, window, unit, to or chosen.workspace.templates)
    except TemplateRefusedError as error:
        refuse(error.vi if LANG == "vi" else error.en)
    if as_json:
        print_json([str(path) for path in written])
        return
    for path in written[:5]:
        out.print(f"✓ {path}", soft_wrap=True)
    if len(written) > 5:
        out.print(say(f"… tất cả {len(written)} tệp", f"… {len(written)} files in all"))
