"""A new figure, its place and its rule are data: all follows from four edited files and not a line of program."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from catalog import DATA, load_catalog
from examples.filing import Filing
from examples.write import Writer
from tasks.settings import Settings
from tasks.setup import initialise
from tasks.store import engine_for
from tests.collecting import collect
from tests.commands import run_here
from tests.delivered import PERIOD, Delivery
from warehouse import queries
from warehouse.registry import import_units

CODE, LABEL = "digital_signatures", "Số đảng viên có chữ ký số"
FORM = "review-report"

RULE = f"""
- id: DIG-001
  forms: [{FORM}]
  frame: main
  level: 4
  severity: critical
  title_vi: Số có chữ ký số không quá số đảng viên
  title_en: No more digital signatures than members
  message: part_above_whole
  check: {{kind: at_most, smaller: [{CODE}], larger: [party_members]}}
  since: 2011-01-01
  counterexample: {{figures: {{{CODE}: 999999}}}}
"""


def last_row(root: Path) -> int:
    """The last row of the sheet of figures that the form uses."""
    text = (root / "forms" / FORM / "columns.csv").read_text(encoding="utf-8")
    return max(int(row) for row in re.findall(r",Số liệu!E(\d+),", text))


def append(path: Path, *cells: str) -> None:
    """A row of a table; cells that are not given stay empty."""
    with path.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerow([*cells, *[""] * (len(header) - len(cells))])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The edited definitions, and the row where the new figure sits."""
    root = tmp_path_factory.mktemp("definitions") / "data"
    shutil.copytree(DATA, root)
    row = last_row(root) + 1
    kind = ("đảng viên", "members", "count", "stock", "in_period", "sum", "last", "", "", "", "đảng viên|người")
    why = (
        "Đảng viên đã được cấp chữ ký số.",
        "Members who were issued a digital signature.",
        "thử nghiệm",
        "2010-01-01",
    )
    append(root / "indicators.csv", CODE, LABEL, "Members with a digital signature", *kind, *why)
    append(root / "forms" / FORM / "fields.csv", CODE, "follow_up", CODE, "", LABEL, "Members with a digital signature")
    append(root / "forms" / FORM / "columns.csv", CODE, f"Số liệu!E{row}")
    (root / "rules" / "digital.yaml").write_text(RULE, encoding="utf-8")
    return root, row


@pytest.fixture
def root(place: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TONGKET_CATALOG", str(place[0]))
    return place[0]


@pytest.fixture
def sound(delivery: Delivery) -> Filing:
    """A report of a party cell in which nothing is wrong."""
    return next(item.filing for item in delivery.sent if item.filing.unit.startswith("P99.CB") and not item.fault)


def workbook(root: Path, filing: Filing, signatures: int, to: Path) -> Path:
    to.write_bytes(Writer(load_catalog(root)).workbook(replace(filing, figures={**filing.figures, CODE: signatures})))
    return to


def members(filing: Filing) -> int:
    count = filing.figures["party_members"]
    assert isinstance(count, int)
    return count


def test_the_new_definitions_hold_and_the_rule_proves_itself(root: Path) -> None:
    before, after = load_catalog(), run_here("catalog", "check", "--json")
    assert after.code == 0
    assert set(after.json) >= {"root", "fingerprint", "faults", "indicators", "forms", "rules", "units", "messages"}
    assert after.json["faults"] == []
    assert (after.json["indicators"], after.json["rules"]) == (len(before.indicators) + 1, len(before.rules) + 1)
    shown = run_here("catalog", "show", CODE)
    assert LABEL in shown.out
    assert "DIG-001" in shown.out


def test_the_template_asks_for_the_new_figure(root: Path, place: tuple[Path, int], tmp_path: Path) -> None:
    ran = run_here("template", "--form", FORM, "--period", PERIOD, "--unit", "DU.28687", "--out", "mẫu.xlsx")
    assert ran.code == 0
    sheet = CalamineWorkbook.from_path(tmp_path / "mẫu.xlsx").get_sheet_by_name("Số liệu")
    row = sheet.to_python(skip_empty_area=False)[place[1] - 1]
    assert row[2:4] == [LABEL, "đảng viên"]


def test_the_new_rule_judges_the_new_figure(
    root: Path, place: tuple[Path, int], sound: Filing, delivery: Delivery, home: Path, tmp_path: Path
) -> None:
    settings = Settings()
    initialise(settings, settings.url)
    import_units(engine_for(settings.url), load_catalog(root), list(delivery.province.units))
    count = members(sound)
    ran = run_here("check", "--json", str(workbook(root, sound, count + 1, tmp_path / "sai.xlsx")))
    assert ran.code == 1
    (finding,) = [item for item in ran.json[0]["findings"] if item["severity"] == "critical"]
    assert (finding["rule"], finding["sheet"], finding["cell"]) == ("DIG-001", "Số liệu", f"E{place[1]}")
    assert str(count + 1) in finding["arithmetic"]
    good = run_here("check", "--json", str(workbook(root, sound, count, tmp_path / "đúng.xlsx")))
    assert (good.code, good.json[0]["state"]) == (0, "accepted")


def test_the_new_figure_reaches_a_warehouse_that_never_heard_of_it(
    root: Path, place: tuple[Path, int], sound: Filing, delivery: Delivery, home: Path, tmp_path: Path
) -> None:
    """Made with the shipped definitions; nobody ran ``tongket init`` again after they were edited."""
    shipped = Settings(catalog=DATA)
    initialise(shipped, shipped.url)
    import_units(engine_for(shipped.url), load_catalog(), list(delivery.province.units))
    collect(Settings(), [workbook(root, sound, 3, tmp_path / "đúng.xlsx")])
    (found,) = queries.trace(engine_for(shipped.url), sound.unit, PERIOD, CODE, "")
    assert (found["value"], found["sheet"], found["cell"]) == (3.0, "Số liệu", f"E{place[1]}")
    ran = run_here("trace", "--unit", sound.unit, "--period", PERIOD, "--indicator", CODE)
    assert LABEL in ran.out
    total = run_here("summary", "--unit", "P99.DU", "--period", PERIOD, "--json").json
    assert [row["value"] for row in total if row["indicator"] == CODE] == [3.0]
