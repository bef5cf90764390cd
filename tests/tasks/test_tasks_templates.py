"""Templates for the units that owe a form."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from catalog import Catalog, load_catalog
from domain.period import Period
from tasks.templates import TemplateRefusedError, write_templates
from tests.delivered import Delivery
from workbook.read import Source, read_files

FORM = "review-report"


@pytest.fixture(scope="module")
def catalog(delivery: Delivery) -> Catalog:
    """A register of a province alone, so that "every unit" is a number one can count."""
    return replace(load_catalog(), units=delivery.province.units)


@pytest.fixture(scope="module")
def period(catalog: Catalog) -> Period:
    found = catalog.period("2025")
    assert found is not None
    return found


def told(path: Path, name: str) -> int:
    """How often a workbook names the unit."""
    with zipfile.ZipFile(path) as package:
        sheets = [package.read(part).decode() for part in package.namelist() if part.endswith(".xml")]
    return sum(part.count(f"{name} · ") for part in sheets)


def test_every_obliged_unit_gets_a_workbook_that_names_it(catalog: Catalog, period: Period, tmp_path: Path) -> None:
    written = write_templates(catalog, FORM, period, None, tmp_path)
    owing = [unit.code for unit in catalog.units if any(item.form == FORM for item in catalog.owed(unit.kind, period))]
    assert len(owing) > 50
    assert [path.name for path in written] == [f"{FORM}_2025_{code}.xlsx" for code in owing]
    batch = read_files([Source(number, path, path.name) for number, path in enumerate(written, 1)], catalog)
    headers = batch.headers.sort("file")
    assert headers["unit"].to_list() == owing
    assert set(headers["period"]) == {"2025"}
    assert set(headers["reporter"]) == {None}, "a unit that reports for itself names nobody else"
    assert set(headers["form_version"]) == {catalog.forms[FORM].version}
    names = {unit.code: unit.name for unit in catalog.units}
    assert headers["unit_name"].to_list() == [names[code] for code in owing]
    first, last = names[owing[0]], names[owing[-1]]
    assert told(written[0], first) > 10, "the headings of its sheets, and its properties"
    assert (told(written[-1], first), told(written[-1], last)) == (0, told(written[0], first))


def test_one_template_is_written_to_the_file_that_was_named(catalog: Catalog, period: Period, tmp_path: Path) -> None:
    to = tmp_path / "mẫu" / "của tôi.XLSX"
    assert write_templates(catalog, FORM, period, "P99.DU.001", to) == [to]
    (header,) = read_files([Source(1, to, to.name)], catalog).headers.to_dicts()
    assert (header["unit"], header["reporter"]) == ("P99.DU.001", None)


def test_a_period_of_another_calendar_makes_a_name_every_system_accepts(catalog: Catalog, tmp_path: Path) -> None:
    period = catalog.period("2025-M08@CALENDAR")
    assert period is not None
    obliged = replace(
        catalog, obligations=tuple(item.model_copy(update={"calendar": "CALENDAR"}) for item in catalog.obligations)
    )
    (path,) = write_templates(obliged, FORM, period, "P99.DU", tmp_path)
    assert path.name == f"{FORM}_2025-M08-CALENDAR_P99.DU.xlsx"


def test_a_unit_that_does_not_live_in_the_period_is_refused_with_when_it_did(catalog: Catalog, tmp_path: Path) -> None:
    before = catalog.period("2024")
    assert before is not None
    with pytest.raises(TemplateRefusedError, match="did not exist on 2024-12-14") as caught:
        write_templates(catalog, FORM, before, "P99.DU.001", tmp_path)
    assert "không tồn tại vào ngày 14/12/2024" in caught.value.vi
    assert "01/07/2025" in caught.value.vi
    assert list(tmp_path.iterdir()) == []


def test_a_unit_that_does_not_owe_the_form_is_refused(catalog: Catalog, period: Period, tmp_path: Path) -> None:
    with pytest.raises(TemplateRefusedError, match="does not owe the form one-stop-dossiers"):
        write_templates(catalog, "one-stop-dossiers", period, "P99.DU.001", tmp_path)


def test_a_period_nobody_reports_for_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    before = catalog.period("2024")
    assert before is not None
    with pytest.raises(TemplateRefusedError, match="No unit owes"):
        write_templates(catalog, FORM, before, None, tmp_path / "mẫu")
