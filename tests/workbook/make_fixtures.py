"""Make the files that a real spreadsheet program saved: templates filled in by LibreOffice Calc.

Run from the root of the repository, with ``libreoffice-calc`` and its Python bridge (``python3-uno``) installed:

    python tests/workbook/make_fixtures.py

Each form's template is opened in LibreOffice, the report of :mod:`filings` is typed into it, one cell
gets a formula that fails, and the workbook is saved as .xlsx, .ods and .xls under ``fixtures/``. One report is handed
back with marks, mended at one cell, and saved with its marks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"
UNO_PYTHON = "/usr/bin/python3"
PORT = 2317
FILTERS = {"xlsx": "Calc MS Excel 2007 XML", "ods": "calc8", "xls": "MS Excel 97"}


def make() -> None:
    from filings import ERROR_FIELD, FILINGS, the_catalog, the_period, the_unit

    from workbook.fill import entries, scope_label
    from workbook.layout import Layout
    from workbook.template import build_template

    FIXTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for form, filing in FILINGS.items():
            catalog, contents = the_catalog(), filing()
            layout = Layout(catalog.forms[form], catalog.forms[form].version)
            template = Path(folder) / f"{form}.xlsx"
            template.write_bytes(build_template(catalog, form, the_period(), the_unit()))
            cells: list[list[Any]] = [
                [layout.identity["scope"].sheet, layout.identity["scope"].address, scope_label("own")],
                [layout.identity["reporter"].sheet, layout.identity["reporter"].address, contents.identity["reporter"]],
            ]
            for key, value in entries(contents, layout):
                place = layout.slots[layout.slot_numbers[key]].place
                typed = value if isinstance(value, int | float | str) else {"day": value.toordinal() - 693594}
                cells.append([place.sheet, place.address, typed])
            if ERROR_FIELD in layout.places:
                place = layout.places[ERROR_FIELD]
                cells.append([place.sheet, place.address, {"formula": "=1/0"}])
            save(template, cells, FIXTURES / f"{form}-filled-in-libreoffice")
        marked = Path(folder) / "marked.xlsx"
        marked.write_bytes(marked_report())
        save(marked, [["Số liệu", "E7", 41]], FIXTURES / "returned-and-mended-in-libreoffice")


def marked_report() -> bytes:
    """The first form's report as it is handed back, with a wrong figure in E7."""
    from filings import FILINGS, review_report, the_catalog, the_period, the_unit
    from test_workbook_returned import marks, returned

    from workbook.fill import Filler
    from workbook.template import build_template

    form = the_catalog().forms[next(iter(FILINGS))]
    template = build_template(the_catalog(), form.id, the_period(), the_unit())
    with tempfile.TemporaryDirectory() as folder:
        return returned(Path(folder), Filler(template, form).fill_contents(review_report()), marks())


def save(opened: Path, cells: list[list[Any]], target: Path) -> None:
    """Open a workbook in LibreOffice, type into its cells, and save it in every format."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(json.dumps({"template": str(opened), "cells": cells, "target": str(target)}), encoding="utf-8")
        subprocess.run([UNO_PYTHON, __file__, str(plan)], check=True)


def type_in_libreoffice(plan: dict[str, Any]) -> None:
    import uno
    from com.sun.star.beans import PropertyValue

    accept = f"socket,host=localhost,port={PORT};urp;"
    office = subprocess.Popen(["soffice", "--headless", "--norestore", f"--accept={accept}"])
    try:
        desktop = _desktop(uno, accept)
        document = desktop.loadComponentFromURL(f"file://{plan['template']}", "_blank", 0, ())
        for sheet, address, typed in plan["cells"]:
            cell = document.Sheets.getByName(sheet).getCellRangeByName(address)
            if isinstance(typed, str):
                cell.setString(typed)
            elif isinstance(typed, dict) and "formula" in typed:
                cell.setFormula(typed["formula"])
            else:
                cell.setValue(typed["day"] if isinstance(typed, dict) else typed)
        for suffix, name in FILTERS.items():
            chosen = PropertyValue("FilterName", 0, name, 0)
            document.storeToURL(f"file://{plan['target']}.{suffix}", (chosen,))
        document.close(True)
        desktop.terminate()
    finally:
        office.wait(timeout=60)


def _desktop(uno: Any, accept: str) -> Any:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(60):
        try:
            context = resolver.resolve(f"uno:{accept}StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except Exception:
            time.sleep(0.5)
    raise TimeoutError("LibreOffice did not answer")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        type_in_libreoffice(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    else:
        make()
