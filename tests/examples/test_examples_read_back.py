"""The filings of the source documents, written as workbooks and read again: every figure comes back as it was meant."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from catalog import load_catalog
from catalog.whole import Catalog
from examples.sources import expected_figures, source_filings
from examples.write import Writer
from transform.normalise import normalise
from workbook.read import Batch, Source, read_files

Figure = tuple[float | None, str]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def batch(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    folder: Path = tmp_path_factory.mktemp("sources")
    named = [(source.name, source.filing) for source in source_filings(catalog)]
    paths = Writer(catalog).write_all(named, folder)
    return read_files([Source(number, path, path.stem) for number, path in enumerate(paths)], catalog)


@pytest.fixture(scope="module")
def readings(catalog: Catalog, batch: Batch) -> pl.DataFrame:
    names = [source.name for source in source_filings(catalog)]
    return normalise(batch.cells, catalog).with_columns(
        filing=pl.col("file").replace_strict(range(len(names)), names, return_dtype=pl.String)
    )


def test_every_workbook_is_readable(batch: Batch) -> None:
    assert batch.faults.rows() == []


def test_every_figure_comes_back_with_its_qualifier(readings: pl.DataFrame) -> None:
    columns = ("filing", "field", "value", "qualifier")
    read: dict[tuple[str, str], Figure] = {(f, c): (v, q) for f, c, v, q in readings.select(columns).iter_rows()}
    figures = expected_figures()
    assert len(figures) == 72
    for figure in figures:
        value, qualifier = read[figure.filing, figure.field]
        assert value == pytest.approx(figure.value, abs=1e-4), figure
        assert qualifier == figure.qualifier, figure


def test_nothing_is_read_that_was_not_typed(readings: pl.DataFrame) -> None:
    scalars = readings.filter(pl.col("item") == 0).select("filing", "field").rows()
    assert set(scalars) == {(figure.filing, figure.field) for figure in expected_figures()}


def test_no_cell_is_a_problem(readings: pl.DataFrame) -> None:
    assert readings.filter(pl.col("problem").is_not_null() & (pl.col("problem") != "")).rows() == []


def test_ratios_keep_both_sides(readings: pl.DataFrame) -> None:
    sides = readings.filter(pl.col("field").str.starts_with("one_stop_coverage")).select("numerator", "denominator")
    assert set(sides.rows()) == {(18.0, 21.0), (8.0, 8.0), (108.0, 108.0)}
