"""Check frames hold what the rules name: figures, bounds, the past, counts, lengths, the register, the period."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from catalog import Catalog
from catalog.refs import refs_of
from transform.fonts import in_unicode
from transform.frames import HISTORY, REGISTER, Context, build_frames
from transform.lists import list_rows, narratives, text_repairs
from transform.normalise import normalise

Make = Callable[..., pl.DataFrame]


@pytest.fixture
def batch(make_cell: Any, make_cells: Any) -> pl.DataFrame:
    rows = [
        make_cell(1, "received", "hơn 200"), make_cell(2, "received", 150), make_cell(2, "resolved", "–"),
        make_cell(1, "table.received", 5, 2), make_cell(1, "table.resolved", "gần 20", 2),
        make_cell(2, "table.received", 1, 3),
        make_cell(1, "initiatives.name", "Ngày thứ bảy với dân", 1), make_cell(1, "initiatives.level", "Tỉnh", 1),
        make_cell(1, "initiatives.owner", "Huyện uỷ A", 1), make_cell(1, "initiatives.members", "08", 1),
        make_cell(1, "initiatives.name", "=cmd", 2), make_cell(1, "initiatives.level", "Cấp xã", 2),
        make_cell(1, "initiatives.name", "  ", 3), make_cell(2, "initiatives.level", "sao Hoả", 1),
        make_cell(2, "limitation", " Cha\u0323\u0302m "),
    ]  # fmt: skip
    return make_cells(rows)


@pytest.fixture
def frames(small: Catalog, batch: pl.DataFrame, make_headers: Make) -> dict[str, pl.DataFrame]:
    history = pl.DataFrame(
        [
            {"file": 1, "which": "previous", "field": "received", "item": 0, "value": 180.0},
            {"file": 2, "which": "previous", "field": "received", "item": 0, "value": 150.0, "low": 150.0},
            {"file": 2, "which": "previous", "field": "table.received", "item": 3, "value": 1.0},
            {"file": 1, "which": "last_year", "field": "received", "item": 0, "value": 1.0},
        ],
        schema=HISTORY,
    )
    register = pl.DataFrame([(1, "children[kind=chi_bo]", 14.0)], schema=REGISTER, orient="row")
    headers = make_headers(3)
    return build_frames(headers, normalise(batch, small), batch, small, "report", Context(history, register))


def test_main_has_a_row_for_every_submission_and_what_its_rules_name(
    small: Catalog, frames: dict[str, pl.DataFrame]
) -> None:
    main = frames["main"]
    assert main["file"].to_list() == [1, 2, 3]
    assert main["item"].to_list() == [0, 0, 0]
    assert main["received"].to_list() == [200, 150, None]
    assert main["resolved"].to_list() == [None, None, None]
    assert main["previous:received"].to_list() == [180, 150, None]
    assert main["high:previous:received"].to_list() == [180, float("inf"), None]
    assert main["count:initiatives"].to_list() == [2, 1, 0]
    assert main["count:initiatives[level=tinh]"].to_list() == [1, 0, 0]
    assert main["count:table"].to_list() == [1, 1, 0]
    assert main["length:limitation"].to_list() == [0, 4, 0]
    assert main["register:children[kind=chi_bo]"].to_list() == [14, None, None]
    assert main["period:year"].to_list() == [2025] * 3
    assert main["period:months"].to_list() == [12] * 3
    assert main["same_as:previous"].to_list() == [0, 1, None]
    assert {field.code for field in small.forms["report"].fields} <= set(main.columns)


def test_bounds_stand_only_beside_figures_with_words(frames: dict[str, pl.DataFrame]) -> None:
    main = frames["main"]
    assert main.select("low:received", "high:received", "strict_low:received", "strict_high:received").rows()[:2] == [
        (201, 299, 201, 249),
        (150, 150, 150, 150),
    ]
    assert "low:resolved" not in main.columns
    assert frames["table"].filter(file=1, item=2)["strict_low:resolved"].item() == 16
    assert "low:received" not in frames["table"].columns


def test_matrices_have_every_item_and_their_own_past(frames: dict[str, pl.DataFrame]) -> None:
    table = frames["table"]
    assert table.select("file", "item").rows() == [(file, item) for file in (1, 2, 3) for item in (1, 2, 3)]
    assert table.filter(file=2, item=3).select("received", "previous:received").row(0) == (1, 1)
    assert table["received"].null_count() == 7


def test_lists_have_texts_codes_figures_and_lengths(frames: dict[str, pl.DataFrame]) -> None:
    rows = frames["initiatives"]
    assert rows.select("file", "item", "level", "members", "length:name").rows() == [
        (1, 1, "tinh", 8, 20),
        (1, 2, "xa", None, 4),
        (2, 1, "sao Hoả", None, 0),
    ]
    assert rows["period:months"].to_list() == [12, 12, 12]


def test_values_are_all_figures_of_scalars_and_matrices(frames: dict[str, pl.DataFrame]) -> None:
    assert frames["values"].select("file", "field", "value").sort("file", "field").rows() == [
        (1, "received", 200), (1, "table.received", 5), (1, "table.resolved", 20),
        (2, "received", 150), (2, "table.received", 1),
    ]  # fmt: skip


def test_no_frame_holds_nan(frames: dict[str, pl.DataFrame]) -> None:
    for frame in frames.values():
        assert not any(frame[name].is_nan().any() for name, kind in frame.schema.items() if kind == pl.Float64)


@pytest.mark.parametrize("form", ["review-report", "one-stop-dossiers"])
def test_every_column_of_every_shipped_rule_is_there(
    shipped: Catalog, example_cells: Make, make_headers: Make, form: str
) -> None:
    cells = example_cells(form)
    built = build_frames(make_headers(1, form), normalise(cells, shipped), cells, shipped, form)
    narrated = {narrative.code for narrative in shipped.forms[form].narratives}
    for rule in shipped.rules:
        if rule.applies_to(form):
            named = {f"length:{ref}" if ref in narrated else ref for ref in refs_of(rule.check)}
            assert named <= set(built[rule.frame or "main"].columns), rule.id


def test_a_batch_without_cells_or_headers(small: Catalog, figures: Make, make_headers: Make) -> None:
    for count in (0, 2):
        built = build_frames(make_headers(count), normalise(figures(), small), figures(), small, "report")
        assert built["main"].height == count
        assert built["table"].height == 3 * count
        assert built["initiatives"].is_empty()


def test_list_rows_keep_the_words_and_fold_the_key(small: Catalog, batch: pl.DataFrame) -> None:
    rows = list_rows(batch, small)
    assert rows.select("file", "list", "item", "cell").rows() == [
        (1, "initiatives", 1, "E8"), (1, "initiatives", 2, "E9"), (2, "initiatives", 1, "E8"),
    ]  # fmt: skip
    first = rows.row(0, named=True)
    assert first["content"].startswith('{"name": "Ngày thứ bảy với dân", "owner": "Huyện uỷ A"')
    assert pl.Series([first["content"]]).str.json_path_match("$.level").to_list() == ["Tỉnh"]
    assert first["key"].count("|") == 1


def test_figures_of_lists_are_read_and_drop_downs_coded(small: Catalog, make_cell: Any, make_cells: Any) -> None:
    """1.640 is one thousand six hundred and forty; what gives no number is given none."""
    typed = {1: ("1.640", "Tỉnh"), 2: ("khoảng 12", "Cấp xã"), 3: ("nhiều", "Liên xã"), 4: (7, "")}
    rows = [
        make_cell(1, f"initiatives.{column}", value, item)
        for item, values in typed.items()
        for column, value in zip(("members", "level"), values, strict=True)
    ]
    read = list_rows(make_cells([*rows, make_cell(1, "initiatives.name", "Chỉ có tên", 5)]), small)["read"]
    assert [text and json.loads(text) for text in read] == [
        {"members": 1640.0, "level": "tinh"},
        {"members": 12.0, "level": "xa"},
        {"level": "Liên xã"},
        {"members": 7.0},
        None,
    ]


def test_narratives_are_composed_and_trimmed(small: Catalog, batch: pl.DataFrame) -> None:
    assert narratives(batch, small).select("file", "section", "body").rows() == [(2, "limitation", "Chậm")]


def test_repairs_of_texts_are_told(batch: pl.DataFrame, make_cell: Any, make_cells: Any) -> None:
    assert text_repairs(in_unicode(batch)).select("field", "repair").rows() == [
        ("initiatives.name", "formula_text"),
        ("limitation", "folded_text"),
    ]
    harmless = ["-", "- Công tác", "+ Đảng viên", "+481 %", "-5", "–", "a=b"]
    suspects = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", " =A1"]
    cells = make_cells([make_cell(n, "limitation", text) for n, text in enumerate([*harmless, *suspects])])
    assert text_repairs(in_unicode(cells))["text"].to_list() == suspects


def test_old_fonts_are_read_and_told(make_cell: Any, make_cells: Any) -> None:
    typed = ["832 hå s¬", "B¸o c¸o cßn chËm", "5 µm", "Đúng hạn"]
    cells = in_unicode(make_cells([make_cell(n, "limitation", text) for n, text in enumerate(typed)]))
    assert cells["text"].to_list() == ["832 hồ sơ", "Báo cáo còn chậm", "5 µm", "Đúng hạn"]
    told = text_repairs(cells).select("repair", "text").rows()
    assert told == [("old_font", "832 hå s¬"), ("old_font", "B¸o c¸o cßn chËm")]


def test_other_periods_that_end_the_same_day(small: Catalog, figures: Make, make_headers: Make) -> None:
    codes = ["received", "received_base", "resolved", "early", "on_time"]
    check = {"kind": "identity", "total": ["received"], "parts": ["parts:received"]}
    rule = small.rules[0].model_validate({**small.rules[0].model_dump(), "check": check})
    catalog = replace(small, rules=(rule,))
    cells = figures(dict.fromkeys(codes, 7), dict.fromkeys(codes, 7), dict.fromkeys(codes[:4], 7))

    def rows(file: int, which: str, period: str, values: list[float]) -> list[dict[str, Any]]:
        place = {"file": file, "which": which, "period": period, "item": 0}
        return [place | {"field": code, "value": value} for code, value in zip(codes, values, strict=True)]

    told = [
        *rows(1, "longer", "2025", [7, 7, 8, 8, 8]),
        *rows(1, "longer", "2025-H2", [7, 7, 7, 7, 8]),
        *rows(2, "shorter", "2025-Q4", [7, 7, 7, 7, 7]),
        *rows(3, "longer", "2025", [7, 7, 7, 7, 7]),
        {"file": 1, "which": "parts", "field": "received", "item": 0, "value": 9.0, "low": 9.0},
    ]
    context = Context(pl.DataFrame(told, schema=HISTORY))
    main = build_frames(make_headers(3), normalise(cells, catalog), cells, catalog, "report", context)["main"]
    assert main["same_as:longer"].to_list() == [0.8, None, None], "the period most of them equal; five figures or none"
    assert main["same_as:shorter"].to_list() == [None, 1.0, None]
    assert main.select("parts:received", "low:parts:received", "high:parts:received").row(0) == (9, 9, float("inf"))


def test_matrix_items_of_a_breakdown_are_added_with_their_bounds(
    small: Catalog, make_cell: Any, make_cells: Any, make_headers: Make
) -> None:
    named = "sum:table.received[field=ho_tich]"
    check = {"kind": "at_most", "smaller": [named], "larger": ["received"]}
    rule = small.rules[0].model_validate({**small.rules[0].model_dump(), "check": check})
    catalog = replace(small, rules=(rule,))
    for stated, low in ((7, None), ("hơn 200", 201)):
        cells = make_cells([make_cell(1, "table.received", stated, 2), make_cell(1, "table.received", 90, 3)])
        main = build_frames(make_headers(2), normalise(cells, catalog), cells, catalog, "report")["main"]
        assert main[named].to_list() == [7 if low is None else 200, None]
        assert (main[f"low:{named}"].to_list() if f"low:{named}" in main.columns else [None])[0] == low
