"""Paragraphs → check frames: the figures, years and names they speak of, beside those of the report.

Each distinct text is read once, whoever sent it; what is done a report is joins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple
from typing import Any

import polars as pl

from catalog.load import Catalog
from catalog.model import Form, NamedThings, Wording
from domain.alike import are_near, as_written, first_words, quoted_names, words_behind
from domain.claims import Phrasebook, Spoken, bearing, spoken, times_told
from domain.columns import SPOKEN, SPOKEN_FIGURES, SPOKEN_NAMES, SPOKEN_TIMES
from domain.names import fold_bare, fold_in_place, fold_name, plain
from domain.observation import Nature, Scope, ValueKind
from domain.quantity import Interval, Qualifier
from domain.running import NOTHING, read_running
from transform.frame import conform
from transform.lists import clean_texts

#: A year before this, or so many after the report's, is probably mistyped.
EARLIEST_YEAR = 1930
YEARS_AHEAD = 2

_Rows = Iterable[tuple[Any, ...]]


def spoken_frames(
    headers: pl.DataFrame, readings: pl.DataFrame, cells: pl.DataFrame, catalog: Catalog, form: Form
) -> dict[str, pl.DataFrame]:
    """SPOKEN_FIGURES, SPOKEN_TIMES and SPOKEN_NAMES of the submissions of a form."""
    years = _years(headers, catalog)
    texts = _texts(cells, form).join(years, on="file", how="left")
    return {
        SPOKEN["spoken_figure"]: _figures(texts, headers, readings, catalog, form),
        SPOKEN["spoken_time"]: _times(texts, catalog),
        SPOKEN["spoken_name"]: _names(texts, cells, catalog, form),
    }


def _years(headers: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    codes = headers["period"].drop_nulls().unique().to_list()
    known = {code: period.year for code in codes if (period := catalog.period(code))}
    year = pl.col("period").replace_strict(known, default=None, return_dtype=pl.Int64)
    return headers.select("file", report_year=year)


def _texts(cells: pl.DataFrame, form: Form) -> pl.DataFrame:
    """The filled paragraphs: ``file, narrative, text, sheet, cell``."""
    codes = [narrative.code for narrative in form.narratives]
    places = (pl.col("item") == 0) & (pl.col("part") == "value") & pl.col("field").is_in(codes)
    return clean_texts(cells.filter(places)).select("file", "text", "sheet", "cell", narrative="field")


def _read(texts: pl.DataFrame, read: Callable[[str], _Rows], schema: dict[str, Any]) -> pl.DataFrame:
    """What ``read`` finds in each distinct text, a row a find, with the ``text``."""
    distinct = texts["text"].unique(maintain_order=True)
    rows = [(text, *row) for text in distinct for row in read(text)]
    return pl.DataFrame(rows, schema={"text": pl.String, **schema}, orient="row")


# ------------------------------------------------------------------------------------------------ figures

_CLAIM = {
    "start": pl.Int64,
    "subject": pl.Int64,
    "said": pl.Float64,
    "low:said": pl.Float64,
    "high:said": pl.Float64,
    "said_qualifier": pl.String,
    "planned": pl.Boolean,
}
_BEARING = {
    "start": pl.Int64,
    "words": pl.String,
    "first_year": pl.Int64,
    "last_year": pl.Int64,
    "base_year": pl.Int64,
    "named": pl.String,
    "wider": pl.Boolean,
}


def _figures(
    texts: pl.DataFrame, headers: pl.DataFrame, readings: pl.DataFrame, catalog: Catalog, form: Form
) -> pl.DataFrame:
    """The claims with their figures. Whether a claim is about this report is asked only where the two do not meet."""
    codes = {field.code for field in form.fields}
    wordings = [wording for wording in catalog.running_text.figures if wording.field in codes]
    book = Phrasebook(_phrases(wordings, catalog, form))
    numbered = texts.filter(pl.col("text").str.contains(r"\d"))
    claims = texts.join(_read(numbered, lambda text: _claims(book, text), _CLAIM), on="text", maintain_order="left")
    in_its_place = pl.col("narrative").is_in(catalog.running_text.outlook) == pl.col("planned")
    compared = _beside(claims.filter(in_its_place).with_row_index("claim"), readings, wordings)
    apart = pl.col("apart") > 0
    doubtful = compared.filter(apart)
    borne = doubtful.join(_read(doubtful, lambda text: _bearings(book, text), _BEARING), on=["text", "start"])
    own = headers.select(
        "file",
        own=_each(pl.col("unit_name").fill_null(""), fold_name),
        scope=pl.col("scope").fill_null(form.default_scope.value),
    )
    kept = borne.join(own, on="file", how="left").filter(_is_of_report()).select(*compared.columns, "words")
    return conform(pl.concat([compared.filter(~apart), kept], how="diagonal").sort("claim"), SPOKEN_FIGURES)


def _phrases(wordings: list[Wording], catalog: Catalog, form: Form) -> Iterator[Spoken]:
    numbers = {wording.field: number for number, wording in enumerate(wordings)}
    for number, wording in enumerate(wordings):
        indicator = catalog.indicators[catalog.field(form.id, wording.field).indicator]
        in_percent = indicator.kind is ValueKind.PERCENT
        measures = wording.measures or (("%",) if in_percent else indicator.unit_words)
        planned = indicator.nature is Nature.TARGET
        follows = numbers.get(wording.follows) if wording.follows else None
        if wording.follows and follows is None:
            continue
        for falling, phrases in ((False, wording.phrases), (True, wording.falling)):
            for phrase in phrases:
                yield from spoken(number, phrase, measures, falling=falling, follows=follows, planned=planned)


def _claims(book: Phrasebook, text: str) -> _Rows:
    running = read_running(text, book.counted)
    for claim in book.claims(running):
        mention, allowed = claim.mention, claim.mention.allowed
        if claim.negative:
            allowed = Interval(-allowed.high, -allowed.low)
        yield (
            mention.start,
            claim.subject,
            -mention.value if claim.negative else mention.value,
            allowed.low,
            allowed.high,
            mention.qualifier.value,
            claim.phrase.planned,
        )


def _bearings(book: Phrasebook, text: str) -> _Rows:
    running = read_running(text, book.counted)
    for claim in book.claims(running):
        mention = claim.mention
        if borne := bearing(running, claim):
            yield mention.start, running.excerpt(mention.start, mention.end), *astuple(borne)


def _is_of_report() -> pl.Expr:
    """The years round the number are the report's (of a plan the next), a unit named is itself, its scope reaches."""
    year = pl.col("report_year") + pl.col("planned").cast(pl.Int64)
    named = pl.col("named")
    return (
        ((pl.col("first_year") == 0) | ((pl.col("first_year") == year) & (pl.col("last_year") == year)))
        & ((pl.col("base_year") == 0) | (pl.col("base_year") == pl.col("report_year") - 1))
        & ((named == "") | ((pl.col("own") != "") & pl.col("own").str.contains(named, literal=True)))
        & (~pl.col("wider") | (pl.col("scope") != Scope.OWN.value))
    ).fill_null(value=False)


def _beside(claims: pl.DataFrame, readings: pl.DataFrame, wordings: list[Wording]) -> pl.DataFrame:
    """The claims with the figure they speak of; of several sums they may mean, the one that comes nearest."""
    terms = pl.DataFrame(
        [
            (number, option, code, len(codes))
            for number, wording in enumerate(wordings)
            for option, codes in enumerate(((wording.field,), *wording.or_sums))
            for code in codes
        ],
        schema={"subject": pl.Int64, "option": pl.Int64, "field": pl.String, "terms": pl.UInt32},
        orient="row",
    )
    given = readings.filter((pl.col("item") == 0) & pl.col("low").is_not_null() & pl.col("value").is_not_null()).select(
        "file", "field", "low", "high", "value", "qualifier", figure_sheet="sheet", figure_cell="cell"
    )
    options = (
        claims.select("claim", "file", "subject", "low:said", "high:said")
        .join(terms, on="subject")
        .join(given, on=["file", "field"])
        .group_by("claim", "option", "low:said", "high:said")
        .agg(pl.col("low", "high").sum(), pl.col("terms").first(), given=pl.len())
        .filter(pl.col("given") == pl.col("terms"))
        .with_columns(apart=pl.max_horizontal(pl.col("low") - pl.col("high:said"), pl.col("low:said") - pl.col("high")))
        .sort("claim", pl.max_horizontal("apart", pl.lit(0.0)), "option")
        .unique("claim", keep="first", maintain_order=True)
    )
    bounds = {f"{strict}{end}:figure": pl.col(end) for strict in ("", "strict_") for end in ("low", "high")}
    nearest = options.select("claim", "apart", **bounds)
    stated = terms.filter(pl.col("option") == 0).select("subject", "field")
    return (
        claims.join(stated, on="subject")
        .join(given.drop("low", "high").rename({"value": "figure"}), on=["file", "field"])
        .join(nearest, on="claim")
        .sort("claim")
        .with_columns(
            item=pl.lit(0),
            **{"strict_low:said": pl.col("low:said"), "strict_high:said": pl.col("high:said")},
            qualifier=pl.col("qualifier").fill_null(Qualifier.EXACT.value),
        )
    )


# ------------------------------------------------------------------------------------------------ years and days

_TOLD = {
    "told": pl.String,
    "told_year": pl.Int64,
    "done": pl.Boolean,
    "compared": pl.Boolean,
    "plain": pl.Boolean,
    "impossible": pl.Boolean,
    "words": pl.String,
}


def _times(texts: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    numbered = texts.filter(_may_be_wrong())
    told = texts.join(_read(numbered, _told, _TOLD), on="text", maintain_order="left")
    year, report = pl.col("told_year"), pl.col("report_year")
    results = ~pl.col("narrative").is_in(catalog.running_text.outlook)
    far = pl.max_horizontal(EARLIEST_YEAR - year, year - report - YEARS_AHEAD)
    times = told.with_columns(
        item=pl.lit(0),
        year=report,
        not_yet=pl.when(pl.col("done") & results).then(year - report),
        not_before=pl.when(pl.col("compared") & results).then(year - report + 1),
        no_such_day=pl.when("impossible").then(1),
        far_away=pl.when(pl.col("plain") & results).then(far),
    )
    return conform(times, SPOKEN_TIMES)


def _may_be_wrong() -> pl.Expr:
    """Texts in which some year or day may be off; nearly none, so only these are read.

    A year after the report's or before the earliest one, the report's own behind "so với"; a day of 29 and more, of a
    month above 12, or with a day of the week.
    """
    text = pl.col("text")
    years = text.str.extract_all(r"\d{4,}").list.eval(pl.element().cast(pl.Int64, strict=False))
    compared = text.str.extract_all(r"so với [^.;,\d]{0,30}\d{4}").list.eval(
        pl.element().str.extract(r"(\d{4})$").cast(pl.Int64)
    )
    odd_day = text.str.contains(
        r"(?:29|3\d|[4-9]\d)\s?(?:[/.-]\d{1,2}[/.-]\d|tháng)|[/.-](?:1[3-9]|[2-9]\d|0?0)[/.-]\d"
        r"|tháng (?:1[3-9]|[2-9]\d)|(?i:thứ [^\W\d_]+|chủ nhật),? (?:ngày )?\d"
    )
    return (
        (years.list.max() > pl.col("report_year"))
        | (years.list.min() < EARLIEST_YEAR)
        | (compared.list.max() >= pl.col("report_year"))
        | odd_day
    ).fill_null(value=False)


def _told(text: str) -> _Rows:
    running = read_running(text, NOTHING)
    for told in times_told(running):
        written = running.text[told.start : told.end]
        words = running.excerpt(told.start, told.end)
        yield written, told.year, told.done, told.compared, told.plain, told.no_such_day, words


# ------------------------------------------------------------------------------------------------ names

_NAME = {"name": pl.String, "key": pl.String, "quoted": pl.Boolean}


def _names(texts: pl.DataFrame, cells: pl.DataFrame, catalog: Catalog, form: Form) -> pl.DataFrame:
    lists = {section.code for section in form.sections_of("list")}
    found = [
        part
        for things in catalog.running_text.names
        if things.list in lists
        for part in _names_of(things, texts, cells)
    ]
    nothing = conform(cells.select("file").clear(), SPOKEN_NAMES)
    return pl.concat([nothing, *found])


def _names_of(things: NamedThings, texts: pl.DataFrame, cells: pl.DataFrame) -> Iterator[pl.DataFrame]:
    listed, declared = _listed(things, cells), _declared(things, cells)
    if listed.is_empty():
        return
    yield _pairs(_listed_otherwise(listed), declared)
    speaking = texts.join(listed.select("file").unique(), on="file", how="semi").filter(_speaks_of(things))
    told = texts.join(_read(speaking, lambda text: _told_names(things, text), _NAME), on="text")
    yield _pairs(_told_otherwise(listed, told), declared)


def _speaks_of(things: NamedThings) -> pl.Expr:
    return pl.any_horizontal(
        pl.col("text").str.to_lowercase().str.contains(word, literal=True) for word in things.called
    )


def _listed(things: NamedThings, cells: pl.DataFrame) -> pl.DataFrame:
    """The rows of the list: ``file, item, field, name, key, bare, owner, sheet, cell``."""
    field = f"{things.list}.{things.name}"
    names = clean_texts(cells.filter((pl.col("field") == field) & (pl.col("part") == "value")))
    owners = clean_texts(
        cells.filter((pl.col("field") == f"{things.list}.{things.owner}") & (pl.col("part") == "value"))
    )
    return _with_key(names.select("file", "item", "field", "sheet", "cell", name="text")).join(
        owners.select("file", "item", owner=_each(pl.col("text"), fold_name)), on=["file", "item"], how="left"
    )


def _with_key(names: pl.DataFrame) -> pl.DataFrame:
    name = pl.col("name")
    return names.with_columns(
        key=_each(name, fold_name), bare=_each(name, fold_bare), written_as=_each(name, as_written)
    )


def _each(texts: pl.Expr, change: Callable[[str], str]) -> pl.Expr:
    """Each distinct text changed once."""

    def changed(series: pl.Series) -> pl.Series:
        distinct = series.drop_nulls().unique()
        values = pl.Series([change(text) for text in distinct], dtype=pl.String)
        return series.replace_strict(distinct, values, default=None, return_dtype=pl.String)

    return texts.map_batches(changed, pl.String)


def _declared(things: NamedThings, cells: pl.DataFrame) -> pl.DataFrame:
    """What the units themselves say things are called as well: ``file, key``."""
    said = clean_texts(cells.filter(pl.col("field").is_in(things.other_names) & (pl.col("part") == "value")))
    return said.select("file", key=_each(pl.col("text"), fold_name)).unique()


def _told_names(things: NamedThings, text: str) -> _Rows:
    clean = plain(text)
    folded = fold_in_place(clean)
    yield from ((name, fold_name(name), True) for _, name in quoted_names(clean, folded, things.called))
    yield from ((words, fold_name(words), False) for _, words in words_behind(clean, folded, things.called))


def _listed_otherwise(listed: pl.DataFrame) -> pl.DataFrame:
    """Pairs of rows: one name written in two ways by two owners, or two names of one owner that are near."""
    other = listed.rename({name: f"other_{name}" for name in listed.columns if name != "file"})
    later = pl.col("item") < pl.col("other_item")
    of_one_owner = listed.join(other.with_columns(owner="other_owner"), on=["file", "owner"]).filter(later)
    near = of_one_owner.filter(_near(of_one_owner))
    written = listed.join(other.with_columns(bare="other_bare"), on=["file", "bare"]).filter(later)
    same_row_twice = (pl.col("key") == pl.col("other_key")) & (pl.col("owner") == pl.col("other_owner"))
    return (
        pl.concat([written, near.select(written.columns)])
        .filter(~same_row_twice.fill_null(value=False))
        .unique(["file", "item", "other_item"], keep="first", maintain_order=True)
    )


def _told_otherwise(listed: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Names of paragraphs beside the names of the list they write otherwise, or are near to.

    Without quotes nobody knows where a name ends: only one that begins like a listed name is compared, so far as that
    goes.
    """
    place = {"sheet": "other_sheet", "cell": "other_cell", "narrative": "other_field", "name": "other_name"}
    told = told.select("file", "quoted", *place, other_key="key").rename(place)
    begun = _cut(listed.join(told.filter(~pl.col("quoted")), on="file"))
    quoted = told.filter("quoted")
    same = listed.join(quoted, left_on=["file", "key"], right_on=["file", "other_key"]).with_columns(other_key="key")
    known = pl.concat([same.select("file", key="key"), listed.select("file", "key")])
    strange = quoted.join(known, left_on=["file", "other_key"], right_on=["file", "key"], how="anti")
    pairs = listed.join(strange, on="file")
    near = pairs.filter(_near(pairs))
    columns = [*listed.columns, "other_key", *place.values()]
    rows = pl.concat([part.select(columns) for part in (same, begun, near)])
    return rows.with_columns(
        other_item=pl.lit(0, pl.Int32), other_written_as=_each(pl.col("other_name"), as_written)
    ).unique(["file", "other_field", "other_written_as"], keep="first", maintain_order=True)


def _cut(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs whose words in the paragraph begin like the listed name, cut to as many words."""
    key, words = pl.col("key"), pl.col("other_key")
    begins = words.str.starts_with(key) & (words.str.slice(key.str.len_chars(), 1).is_in(["", " "]))
    long_enough = key.str.count_matches(" ") >= 2
    chosen = pairs.filter(begins & long_enough)
    cut = [first_words(text, name.count(" ") + 1) for text, name in chosen.select("other_name", "key").iter_rows()]
    named = chosen.with_columns(other_name=pl.Series(cut, dtype=pl.String), other_key="key")
    return named.filter(_each(pl.col("other_name"), fold_name) == pl.col("key"))


def _near(pairs: pl.DataFrame) -> pl.Series:
    distinct = pairs.select("key", "other_key").unique()
    near = [are_near(one, other) for one, other in distinct.iter_rows()]
    known = distinct.with_columns(near=pl.Series(near, dtype=pl.Boolean))
    return pairs.join(known, on=["key", "other_key"], how="left", maintain_order="left")["near"]


def _pairs(pairs: pl.DataFrame, declared: pl.DataFrame) -> pl.DataFrame:
    """SPOKEN_NAMES of pairs that do not look the same and that the unit has not declared to be one."""
    for key in ("key", "other_key"):
        pairs = pairs.join(declared, left_on=["file", key], right_on=["file", "key"], how="anti")
    differ = pairs.filter(pl.col("written_as") != pl.col("other_written_as"))
    same = pl.col("key") == pl.col("other_key")
    marked = differ.with_columns(written=pl.when(same).then(1.0), near=pl.when(~same).then(1.0))
    return conform(marked.sort("file", "item"), SPOKEN_NAMES)
