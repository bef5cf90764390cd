"""Frames sealed as text that is the same everywhere, and opened again."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conference.differing import figures_changed
from conference.frozen import SCHEMAS, empty
from conference.sealing import DamagedPartError, as_today, conformed, hash_of, intact, opened, seal

_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "\\N", "\\", "\\\\n", "a\tb", "a\nb\r", "true", "null"]
)
_KINDS: Mapping[Any, st.SearchStrategy[Any]] = {
    pl.String(): _TEXTS,
    pl.Float64(): st.floats(allow_nan=False),
    pl.Int64(): st.integers(-(2**63), 2**63 - 1),
    pl.Boolean(): st.booleans(),
    pl.Date(): st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    pl.Datetime("us", "UTC"): st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(tzinfo=UTC)
    ),
}


@st.composite
def rows(draw: st.DrawFn, name: str) -> pl.DataFrame:
    columns = {column: _KINDS[dtype] | st.none() for column, dtype in SCHEMAS[name].items()}
    drawn = draw(st.lists(st.fixed_dictionaries(columns), max_size=4))
    numbered = [{**row, "unit": f"U{place}", "number": place} for place, row in enumerate(drawn)]
    return pl.DataFrame([{k: row[k] for k in SCHEMAS[name]} for row in numbered], schema=dict(SCHEMAS[name]))


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["figures", "reports", "conclusions"]).flatmap(lambda name: st.tuples(st.just(name), rows(name)))
)
def test_what_is_sealed_is_opened_as_it_was(drawn: tuple[str, pl.DataFrame]) -> None:
    name, frame = drawn
    tidy = conformed(name, frame)
    part = seal(name, tidy)
    assert opened(part).equals(tidy)
    assert opened(part).schema == tidy.schema
    assert seal(name, conformed(name, frame.reverse())).sha256 == part.sha256
    assert intact(replace(part, content=None), tidy.reverse()).equals(tidy)


@settings(deadline=None, max_examples=60)
@given(rows("figures").filter(lambda frame: frame.height > 0), st.data())
def test_one_cell_otherwise_is_another_seal(frame: pl.DataFrame, data: st.DataObject) -> None:
    tidy = conformed("figures", frame)
    column = data.draw(st.sampled_from([name for name in tidy.columns if name != "unit"]))
    row = data.draw(st.integers(0, tidy.height - 1))
    value = data.draw(_KINDS[SCHEMAS["figures"][column]] | st.none())
    cells = tidy[column].to_list()
    if cells[row] == value:
        return
    cells[row] = value
    other = tidy.with_columns(pl.Series(column, cells, dtype=SCHEMAS["figures"][column]))
    assert seal("figures", conformed("figures", other)).sha256 != seal("figures", tidy).sha256


def test_the_text_is_the_one_that_was_agreed_on() -> None:
    """Were it to change, no conference frozen before could be proved any more."""
    frame = pl.DataFrame(
        {"unit": ["X01"], "indicator": ["solved"], "year": [2025], "direction": ["at_least"], "target": [1e16],
         "source": ["Kế hoạch\tsố 5\\NQ"], "value": [-0.0], "attainment": [97.49], "met": [True], "note": [None]},
        schema=dict(SCHEMAS["targets"]),
    )  # fmt: skip
    part = seal("targets", conformed("targets", frame))
    assert zlib.decompress(part.content or b"").decode() == (
        "targets\tunit:text,indicator:text,year:integer,direction:text,target:number,source:text,value:number,"
        "attainment:number,met:truth,note:text\n"
        "X01\tsolved\t2025\tat_least\t1e+16\tKế hoạch\\tsố 5\\\\NQ\t0.0\t97.49\ttrue\t\\N\n"
    )
    assert part.sha256 == "813411120164a492f46ea9ceb40dd6055783e0fbbe7879d553f6525775bd8f26"
    assert hash_of({"b": "2", "a": "1"}) == hash_of({"a": "1", "b": "2"}) != hash_of({"a": "2", "b": "1"})


def test_nothing_is_sealed_that_cannot_be_told_apart() -> None:
    targets = empty("targets")
    twice = pl.DataFrame({"unit": ["X", "X"], "indicator": ["i", "i"], "year": [1, 1]})
    with pytest.raises(ValueError, match="two rows with the same"):
        conformed("targets", pl.concat([targets, twice], how="diagonal"))
    with pytest.raises(ValueError, match="lacks the columns"):
        conformed("targets", targets.drop("met"))
    none = pl.DataFrame({"unit": ["X"], "value": [float("nan")]})
    with pytest.raises(ValueError, match="a number that is none"):
        conformed("targets", pl.concat([targets, none], how="diagonal"))


def test_what_was_damaged_is_named() -> None:
    part = seal("versions", pl.DataFrame({"part": ["rules"], "fingerprint": ["abc"]}))
    assert part.content is not None
    forged = zlib.compress(zlib.decompress(part.content).replace(b"abc", b"abd"))
    spoilt = [
        replace(part, content=forged),
        replace(part, content=part.content[:-3]),
        replace(part, content=None),
        replace(part, rows=2),
        replace(part, sha256="0" * 64),
        replace(part, fields="part:text"),
    ]
    for one in spoilt:
        with pytest.raises(DamagedPartError) as refused:
            opened(one)
        assert refused.value.part == "versions"
    with pytest.raises(DamagedPartError):
        intact(part, pl.DataFrame({"part": ["rules"], "fingerprint": ["abd"]}))


def test_what_an_older_program_froze_is_read_with_the_columns_of_today() -> None:
    older = pl.DataFrame({"unit": ["X"], "value": [1.0], "dropped since": ["y"]})
    today = as_today("targets", older)
    assert today.schema == empty("targets").schema
    assert today.select("unit", "value", "met").rows() == [("X", 1.0, None)]


def _figures(*told: tuple[str, float | None, float | None]) -> pl.DataFrame:
    key = {"trace": "t", "period": "2025", "unit": "X", "form": "f", "breakdown": "", "level": "total"}
    rows = [{**key, "indicator": name, "value": value, "upper": upper} for name, value, upper in told]
    return pl.concat([empty("figures"), pl.DataFrame(rows)], how="diagonal_relaxed").select(list(SCHEMAS["figures"]))


def test_figures_differ_when_what_is_said_of_them_does() -> None:
    """The last digits of a sum depend on the order it was added in: they are no change."""
    inf = float("inf")
    then = _figures(
        ("same", 0.1 + 0.2, inf), ("up", 1.0, 1.0), ("gone", 3.0, 3.0), ("bound", 5.0, inf), ("lost", 7.0, None)
    )
    now = _figures(("same", 0.3, inf), ("up", 2.0, 2.0), ("new", None, None), ("bound", 5.0, 9.0), ("lost", None, None))
    told = figures_changed(then, now).select("indicator", "kind", "value_then", "value_now").rows()
    assert told == [
        ("bound", "changed", 5.0, 5.0),
        ("gone", "gone", 3.0, None),
        ("lost", "changed", 7.0, None),
        ("new", "new", None, None),
        ("up", "changed", 1.0, 2.0),
    ]
