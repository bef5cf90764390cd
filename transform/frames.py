"""Readings → check frames: the tables the rules are judged on (docs/architecture.md, "Check frames")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from catalog.load import Catalog
from catalog.model import Form, Section
from catalog.refs import PAST, Ref, refs_of
from domain import columns
from domain.observation import ValueKind
from domain.period import PeriodKind
from transform.codes import CodeBook
from transform.frame import schema_of, with_null_columns
from transform.lists import clean_texts, codes_of, list_cells, list_texts
from transform.spoken import spoken_frames

#: Figures of the units of a batch in other periods; ``field`` and ``item`` as in the readings.
HISTORY = schema_of(columns.HISTORY)

#: What the unit register knows: ``ref`` is the column itself, ``register:children[kind=chi_bo]``.
REGISTER = schema_of({"file": "Int64", "ref": "String", "value": "Float64"})

_FIGURES = (ValueKind.COUNT, ValueKind.QUANTITY, ValueKind.RATIO, ValueKind.PERCENT)
_BOUNDS = ("low", "high", "strict_low", "strict_high")
_MONTHS = {
    PeriodKind.MONTH: 1,
    PeriodKind.QUARTER: 3,
    PeriodKind.HALF: 6,
    PeriodKind.NINE_MONTHS: 9,
    PeriodKind.YEAR: 12,
}
_KEYS = ["file", "item"]
_ACROSS = [*_KEYS, "column", "value", *_BOUNDS]
#: Sources of columns that speak of the submission as a whole; the rules of matrices and lists may name those too.
_WHOLE = ("count", "register", "period", "same_as", "sum")

#: What a report may repeat, and how many figures must be there to say so: fewer are equal by chance. Of a longer or
#: shorter period that ends the same day only figures that add up over time are compared; a stock is the same in both.
_REPEATABLE = {"previous": 1, "longer": 5, "shorter": 5}


@dataclass(frozen=True)
class Context:
    """What is known beside the submissions themselves: :data:`HISTORY` and :data:`REGISTER`."""

    history: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=HISTORY))
    register: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REGISTER))


def build_frames(
    headers: pl.DataFrame,
    readings: pl.DataFrame,
    cells: pl.DataFrame,
    catalog: Catalog,
    form_id: str,
    context: Context | None = None,
) -> dict[str, pl.DataFrame]:
    """The check frames of the submissions of one form.

    ``main`` has a row for every header of the form and ``values`` a row for every figure; a matrix has a row for every
    (submission, item), filled in or not; a list has a row for every row with something in it; of paragraphs see
    :mod:`transform.spoken`. Figures are Float64 and
    null when missing. Every field, every ``length:`` of a narrative and every column a rule of the form names is
    there. Lengths and counts of what is absent are 0.
    """
    scene = _Scene.of(headers, readings, cells, catalog, catalog.forms[form_id], context or Context())
    frames = {"main": _main(scene), "values": _values(scene)}
    for section in scene.form.sections_of("matrix"):
        frames[section.code] = _matrix(scene, section, frames["main"])
    for section in scene.form.sections_of("list"):
        frames[section.code] = _list(scene, section, frames["main"])
    if any(rule.check.kind in columns.SPOKEN and rule.applies_to(form_id) for rule in catalog.rules):
        frames |= spoken_frames(scene.headers, scene.readings, scene.cells, catalog, scene.form)
    return frames


@dataclass(frozen=True)
class _Scene:
    """The part of a batch that belongs to one form."""

    headers: pl.DataFrame
    readings: pl.DataFrame
    cells: pl.DataFrame
    catalog: Catalog
    form: Form
    context: Context
    lists: dict[str, pl.DataFrame]
    refs: dict[str, list[str]]

    @classmethod
    def of(
        cls,
        headers: pl.DataFrame,
        readings: pl.DataFrame,
        cells: pl.DataFrame,
        catalog: Catalog,
        form: Form,
        context: Context,
    ) -> _Scene:
        mine = headers.filter(pl.col("form") == form.id).unique("file", keep="first", maintain_order=True)
        own = mine.select("file")
        cells = cells.join(own, on="file", how="semi")
        return cls(
            headers=mine,
            readings=readings.filter(pl.col("form") == form.id).join(own, on="file", how="semi"),
            cells=cells,
            catalog=catalog,
            form=form,
            context=Context(
                context.history.join(own, on="file", how="semi"), context.register.join(own, on="file", how="semi")
            ),
            lists=_lists(cells, catalog, form),
            refs=_refs(catalog, form),
        )

    @property
    def rows(self) -> pl.DataFrame:
        return self.headers.select("file", item=pl.lit(0, dtype=pl.Int32))

    @cached_property
    def figures(self) -> dict[str, pl.DataFrame]:
        """Figures by the matrix or list they stand in (scalars: ""); ``column`` as the frame names it."""
        given = self.readings.filter(pl.col("value").is_not_null() & pl.col("value_kind").is_in(_FIGURES))
        rows = given.filter(pl.col("item") > 0).with_columns(
            section=pl.col("field").str.extract(r"^([^.]*)\.", 1), column=pl.col("field").str.extract(r"\.(.*)$", 1)
        )
        parts = rows.select("section", *_ACROSS).partition_by("section", as_dict=True, include_key=False)
        scalars = given.filter(pl.col("item") == 0).rename({"field": "column"}).select(_ACROSS)
        return {"": scalars} | {str(section): part for (section,), part in parts.items()}

    def figures_of(self, section: str) -> pl.DataFrame:
        return self.figures.get(section, self.figures[""].clear())


def _refs(catalog: Catalog, form: Form) -> dict[str, list[str]]:
    """The columns that the rules of each frame name, each once."""
    named: dict[str, list[str]] = {"main": [], **{section.code: [] for section in form.sections}}
    for rule in catalog.rules:
        if rule.applies_to(form.id):
            named.setdefault("main" if rule.frame in ("", "values") else rule.frame, []).extend(refs_of(rule.check))
    return {frame: list(dict.fromkeys(refs)) for frame, refs in named.items()}


def _lists(cells: pl.DataFrame, catalog: Catalog, form: Form) -> dict[str, pl.DataFrame]:
    found = list_cells(cells, [form])
    nothing = clean_texts(cells.clear()).with_columns(column=pl.lit(""))
    return {
        section.code: _coded(list_texts(found.get((form.id, section.code), nothing), section), section, catalog)
        for section in form.sections_of("list")
    }


# ------------------------------------------------------------------------------------------------ figures across


def _across(figures: pl.DataFrame, rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Figures (``file, item, column, value, low …``) as columns beside ``rows``, with bounds where a row has words."""
    wide = _pivot(figures, rows, "value", "")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col("value")) for name in _BOUNDS)
    worded = figures.filter(pl.col("value").is_not_null() & differs)["column"].unique()
    bounded = figures.filter(pl.col("column").is_in(worded.implode()))
    for name in _BOUNDS:
        wide = _pivot(bounded, wide, name, f"{name}:")
    bounds = sorted(name for name in wide.columns if name.partition(":")[0] in _BOUNDS)
    return with_null_columns(wide, columns).select(*rows.columns, *dict.fromkeys(columns), *bounds)


def _pivot(figures: pl.DataFrame, rows: pl.DataFrame, values: str, prefix: str) -> pl.DataFrame:
    """One of several figures for one place is the first; the reader reports such files."""
    if figures.is_empty():
        return rows
    wide = figures.pivot("column", index=_KEYS, values=values, aggregate_function="first")
    named = wide.rename({name: prefix + name for name in wide.columns if name not in _KEYS})
    return rows.join(named, on=_KEYS, how="left", maintain_order="left")


def _past(scene: _Scene, refs: Iterable[str], section: Section | None = None) -> pl.DataFrame:
    """Earlier figures that the rules ask for, in the shape of :attr:`_Scene.figures`."""
    wanted = [text for text in refs if Ref.parse(text).source in PAST]
    prefix = f"{section.code}." if section else ""
    asked = pl.DataFrame(
        [(Ref.parse(text).source, prefix + Ref.parse(text).field, text) for text in wanted],
        schema={"which": pl.String, "field": pl.String, "column": pl.String},
        orient="row",
    )
    exact = pl.col("low").is_null() & pl.col("high").is_null()
    low = pl.when(exact).then(pl.col("value")).otherwise(pl.col("low").fill_null(float("-inf")))
    high = pl.when(exact).then(pl.col("value")).otherwise(pl.col("high").fill_null(float("inf")))
    known = scene.context.history.filter(pl.col("value").is_not_null()).join(asked, on=["which", "field"])
    return known.with_columns(low=low, high=high, strict_low=low, strict_high=high)


def _main(scene: _Scene) -> pl.DataFrame:
    refs = scene.refs["main"]
    figures = pl.concat([scene.figures_of(""), _past(scene, refs).select(_ACROSS)])
    past = [ref for ref in refs if Ref.parse(ref).source in PAST]
    wide = _across(figures, scene.rows, [*(item.code for item in scene.form.fields), *past])
    asked = list(dict.fromkeys(ref for refs in scene.refs.values() for ref in refs if Ref.parse(ref).source in _WHOLE))
    facts = (_lengths(scene), _periods(scene), _counts(scene, asked), _registered(scene))
    for part in (*facts, *_repeated(scene), *_sums(scene, asked)):
        wide = wide.join(part, on="file", how="left", maintain_order="left")
    narratives = {narrative.code for narrative in scene.form.narratives}
    return with_null_columns(wide, [ref for ref in (*asked, *refs) if ref not in narratives])


# ------------------------------------------------------------------------------------------------ derived columns


def _lengths(scene: _Scene) -> pl.DataFrame:
    """``length:<narrative>``: characters of the trimmed text, 0 for none."""
    codes = [narrative.code for narrative in scene.form.narratives]
    places = (pl.col("item") == 0) & (pl.col("part") == "value") & pl.col("field").is_in(codes)
    texts = clean_texts(scene.cells.filter(places))
    measured = texts.select(
        "file",
        item="item",
        column=pl.lit("length:") + pl.col("field"),
        value=pl.col("text").str.len_chars().cast(pl.Float64),
    )
    columns = [f"length:{code}" for code in codes]
    wide = with_null_columns(_pivot(measured, scene.rows, "value", ""), columns)
    return wide.select("file", *(pl.col(name).fill_null(0.0) for name in columns))


def _periods(scene: _Scene) -> pl.DataFrame:
    codes = scene.headers["period"].drop_nulls().unique().to_list()
    known = [period for code in codes if (period := scene.catalog.period(code))]
    table = pl.DataFrame(
        [(p.code, float(p.year), float(p.year - 1), float(_MONTHS[p.kind])) for p in known],
        schema={
            "period": pl.String,
            "period:year": pl.Float64,
            "period:last_year": pl.Float64,
            "period:months": pl.Float64,
        },
        orient="row",
    )
    return scene.headers.select("file", "period").join(table, on="period", how="left").drop("period")


def _counts(scene: _Scene, refs: Iterable[str]) -> pl.DataFrame:
    """``count:<list>`` rows of a list, with ``[column=code]`` those with that code; ``count:<matrix>`` filled items."""
    counts = scene.headers.select("file")
    for text in refs:
        ref = Ref.parse(text)
        if ref.source == "count":
            found = _counted(scene, ref).group_by("file").agg(pl.len().cast(pl.Float64).alias(text))
            counts = counts.join(found, on="file", how="left").with_columns(pl.col(text).fill_null(0.0))
    return counts


def _sums(scene: _Scene, refs: Iterable[str]) -> Iterator[pl.DataFrame]:
    """``sum:<matrix>.<indicator>[field=tong]``: the filled items that have this breakdown added up; null for none."""
    for section in scene.form.sections_of("matrix"):
        wanted = [term for text in refs for term in _terms_of_sum(section, text)]
        terms = pl.DataFrame(wanted, schema={"sum": pl.String, "column": pl.String, "item": pl.Int32}, orient="row")
        given = scene.figures_of(section.code).filter(pl.col("value").is_not_null())
        added = given.join(terms, on=["column", "item"]).group_by("file", "sum").agg(pl.col("value", *_BOUNDS).sum())
        figures = added.rename({"sum": "column"}).with_columns(item=pl.lit(0, dtype=pl.Int32)).select(_ACROSS)
        yield _across(figures, scene.rows, terms["sum"].unique(maintain_order=True).to_list()).drop("item")


def _terms_of_sum(section: Section, text: str) -> Iterator[tuple[str, str, int]]:
    """(reference, indicator, item) of every item that a ``sum:`` of this matrix adds."""
    ref = Ref.parse(text)
    matrix, _, indicator = ref.name.partition(".")
    if ref.source == "sum" and matrix == section.code:
        wanted = {*ref.breakdown.split(";")} - {""}
        items = enumerate(section.items, 1)
        yield from ((text, indicator, number) for number, item in items if wanted <= {*item.split(";")})


def _counted(scene: _Scene, ref: Ref) -> pl.DataFrame:
    if ref.name not in scene.lists:
        return scene.figures_of(ref.name).unique(_KEYS)
    rows = scene.lists[ref.name]
    for pair in filter(None, ref.breakdown.split(";")):
        column, _, code = pair.partition("=")
        rows = rows.filter(pl.col(column) == code) if column in rows.columns else rows.clear()
    return rows


def _registered(scene: _Scene) -> pl.DataFrame:
    """``register:…`` columns; the refs may come with or without their prefix."""
    facts = scene.context.register
    if facts.is_empty():
        return scene.headers.select("file")
    named = facts.with_columns(ref=pl.lit("register:") + pl.col("ref").str.strip_prefix("register:"))
    return named.pivot("ref", index="file", values="value", aggregate_function="first")


def _repeated(scene: _Scene) -> Iterator[pl.DataFrame]:
    """``same_as:previous`` and its like: the share of figures that equal another period's, of those not 0 in both.

    Of several longer or shorter periods the one that most of them equal.
    """
    figure = ["file", "field", "item", "value"]
    now = scene.readings.filter(pl.col("value").is_not_null() & pl.col("indicator").is_not_null()).select(figure)
    there = scene.context.history.filter(pl.col("value").is_not_null() & pl.col("which").is_in(list(_REPEATABLE)))
    pairs = now.join(there.select(*figure, "which", "period"), on=["file", "field", "item"], suffix="_there").filter(
        (pl.col("value") != 0) | (pl.col("value_there") != 0)
    )
    shares = pairs.group_by("file", "which", "period").agg(
        share=(pl.col("value") == pl.col("value_there")).mean(), figures=pl.len()
    )
    for which, fewest in _REPEATABLE.items():
        enough = shares.filter((pl.col("which") == which) & (pl.col("figures") >= fewest))
        yield enough.group_by("file").agg(pl.col("share").max().alias(f"same_as:{which}"))


# ------------------------------------------------------------------------------------------------ the other frames


def _values(scene: _Scene) -> pl.DataFrame:
    figures = scene.readings.filter(pl.col("indicator").is_not_null() & pl.col("value").is_not_null())
    return figures.select("file", "item", "field", "value_kind", "value", "low", "high")


def _matrix(scene: _Scene, section: Section, main: pl.DataFrame) -> pl.DataFrame:
    items = pl.DataFrame({"item": range(1, len(section.items) + 1)}, schema={"item": pl.Int32})
    rows = scene.headers.select("file").join(items, how="cross")
    refs = scene.refs[section.code]
    figures = pl.concat([scene.figures_of(section.code), _past(scene, refs, section).select(_ACROSS)])
    own = [ref for ref in refs if Ref.parse(ref).source in ("", *PAST)]
    return _with_main(_across(figures, rows, [*section.indicators, *own]), main, refs)


def _list(scene: _Scene, section: Section, main: pl.DataFrame) -> pl.DataFrame:
    """Texts, codes and dates as they stand (a code as its code), figures as read, the lengths of texts."""
    texts = scene.lists[section.code]
    figures = [column.code for column in section.columns if column.kind in _FIGURES]
    plain = [column.code for column in section.columns if column.kind not in _FIGURES]
    lengths = [pl.col(code).str.len_chars().fill_null(0).cast(pl.Float64).alias(f"length:{code}") for code in plain]
    rows = texts.select(*_KEYS, *plain, *lengths)
    refs = scene.refs[section.code]
    wide = _across(scene.figures_of(section.code), rows, figures)
    return _with_main(wide, main, refs)


def _with_main(frame: pl.DataFrame, main: pl.DataFrame, refs: Iterable[str]) -> pl.DataFrame:
    """The frame with the columns of the submission as a whole that its rules name, and null ones for the rest."""
    shared = [ref for ref in refs if ref in main.columns and ref not in frame.columns]
    joined = frame.join(main.select("file", *shared), on="file", how="left", maintain_order="left")
    return with_null_columns(joined, refs)


def _coded(texts: pl.DataFrame, section: Section, catalog: Catalog) -> pl.DataFrame:
    """Drop-downs as their code; a text that is no code of the list stays as it is, for the rule to find."""
    for column in section.columns:
        if column.codelist and column.kind is ValueKind.CODE:
            texts = texts.with_columns(codes_of(texts[column.code], CodeBook(catalog.codelists[column.codelist])))
    return texts
