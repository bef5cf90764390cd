"""Readings → observations, and the figures that follow from them without any new assumption."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from catalog.load import Catalog
from domain.columns import OBSERVATIONS
from domain.observation import CellStatus
from domain.period import WindowError
from domain.quantity import Qualifier
from transform.frame import conform

#: The code of a matrix row that is the total of the others. Such a figure is kept as the unit wrote it
#: (``level=xa;field=tong``), and no sum over breakdowns may contain it: :func:`transform.roll_up.roll_up` leaves it
#: out.
TOTAL_ROW = "tong"

#: ``x_growth_pct`` is the growth of ``x`` on its stored base ``x_base``.
GROWTH_SUFFIX = "_growth_pct"
BASE_SUFFIX = "_base"

#: Qualifiers of figures that are what they say.
EXACT = [Qualifier.EXACT.value, Qualifier.ALL.value, Qualifier.NONE.value]
_PLACE = ["file", "breakdown"]


def is_total_row() -> pl.Expr:
    """Whether ``breakdown`` is that of a total row (:data:`TOTAL_ROW`)."""
    return pl.col("breakdown").str.contains(rf"=\s*{TOTAL_ROW}(?:;|$)").fill_null(False)


def observations(headers: pl.DataFrame, readings: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """The figures of a batch on their way into the warehouse (``domain.columns.OBSERVATIONS``).

    Every stated figure, as read, with its bounds (null beside a value: unbounded) — those declared missing too, those
    with a problem not: their submission is refused. Then, marked ``derived``: a rate as ratio of the sums of its counts
    where the unit stated none, and a growth against its stored base. Nothing is derived from a missing part.
    ``scope`` is the header's, or the form's default where the header says none.
    """
    stated = _stated(headers, readings, catalog)
    rates, growths = rate_parts(catalog), growth_parts(catalog)
    derived = pl.concat([_derived(ratios(stated, rates), offset=0.0), _derived(ratios(stated, growths), offset=100.0)])
    key = ["file", "indicator", "breakdown"]
    silent = (pl.col("status") == CellStatus.MISSING.value) & (pl.col("qualifier") == Qualifier.EXACT.value)
    said = stated.filter(~silent)
    new = _described(derived.join(said, on=key, how="anti"), headers, catalog)
    replaced = stated.join(new, on=key, how="anti", maintain_order="left")
    return conform(pl.concat([conform(replaced, OBSERVATIONS), conform(new, OBSERVATIONS)]), OBSERVATIONS)


def _stated(headers: pl.DataFrame, readings: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    told = readings.filter(pl.col("problem").is_null() & pl.col("indicator").is_not_null())
    known = told.join(headers.select("file"), on="file", how="semi", maintain_order="left").with_columns(
        derived=pl.lit(False),
        breakdown=pl.col("breakdown").fill_null(""),
        lower=pl.when(pl.col("low").is_finite()).then(pl.col("low")),
        upper=pl.when(pl.col("high").is_finite()).then(pl.col("high")),
        original_text=pl.col("text"),
    )
    return _described(known, headers, catalog)


def _described(rows: pl.DataFrame, headers: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Basis from the indicator, scope from the header or the form."""
    basis = {code: indicator.basis.value for code, indicator in catalog.indicators.items()}
    scopes = {form.id: form.default_scope.value for form in catalog.forms.values()}
    default = pl.col("form").replace_strict(scopes, default=None, return_dtype=pl.String)
    said = pl.when(pl.col("scope") != "").then(pl.col("scope"))
    known = headers.unique("file", keep="first").select("file", scope=pl.coalesce(said, default))
    return rows.join(known, on="file", how="left", maintain_order="left").with_columns(
        basis=pl.col("indicator").replace_strict(basis, return_dtype=pl.String)
    )


# ------------------------------------------------------------------------------------------------ rates and growths

_PARTS = {"rate": pl.String, "top": pl.Boolean, "indicator": pl.String}


def rate_parts(catalog: Catalog) -> pl.DataFrame:
    """A row for every count a rate is made of: ``rate``, ``top`` (numerator or denominator), ``indicator``."""
    rows = [
        (rate.code, top, code)
        for rate in catalog.indicators.values()
        if not rate.code.endswith(GROWTH_SUFFIX)
        for top, codes in ((True, rate.numerator), (False, rate.denominator))
        for code in codes
    ]
    return pl.DataFrame(rows, schema=_PARTS, orient="row")


def growth_parts(catalog: Catalog) -> pl.DataFrame:
    """The current figure (``top``) and the base of every growth the catalog has both of."""
    known = catalog.indicators
    stems = [code.removesuffix(GROWTH_SUFFIX) for code in known if code.endswith(GROWTH_SUFFIX)]
    rows = [
        (stem + GROWTH_SUFFIX, code == stem, code)
        for stem in stems
        if stem in known and stem + BASE_SUFFIX in known
        for code in (stem, stem + BASE_SUFFIX)
    ]
    return pl.DataFrame(rows, schema=_PARTS, orient="row")


def ratios(figures: pl.DataFrame, parts: pl.DataFrame, place: Sequence[str] = tuple(_PLACE)) -> pl.DataFrame:
    """``rate, numerator, denominator`` and their bounds for every place where all parts are there.

    ``figures``: ``indicator, value, lower, upper, qualifier`` and the ``place`` columns. A rate with a missing part or
    with denominator 0 has no row. ``exact`` says that no part was worded.
    """
    needed = parts.group_by("rate").agg(needed=pl.len())
    top, bottom = pl.col("top"), ~pl.col("top")
    counted = figures.filter(pl.col("value").is_not_null()).join(parts, on="indicator")
    sums = counted.group_by("rate", *place, maintain_order=True).agg(
        numerator=pl.col("value").filter(top).sum(),
        denominator=pl.col("value").filter(bottom).sum(),
        exact=pl.col("qualifier").is_in(EXACT).all(),
        top_low=_bound_sum("lower", top),
        top_high=_bound_sum("upper", top),
        bottom_low=_bound_sum("lower", bottom),
        bottom_high=_bound_sum("upper", bottom),
        given=pl.col("indicator").n_unique(),
    )
    complete = sums.join(needed, on="rate", maintain_order="left").filter(pl.col("given") == pl.col("needed"))
    return complete.filter(pl.col("denominator") > 0).drop("given", "needed")


def _bound_sum(column: str, which: pl.Expr) -> pl.Expr:
    """The sum of bounds; null as soon as one is open."""
    bounds = pl.col(column).filter(which)
    return pl.when(bounds.null_count() == 0).then(bounds.sum())


def _derived(sums: pl.DataFrame, offset: float) -> pl.DataFrame:
    """Percentages of ``ratios``; worded parts give bounds and the qualifier ``approx``."""
    low = 100 * pl.col("top_low") / pl.when(pl.col("bottom_high") > 0).then(pl.col("bottom_high")) - offset
    high = 100 * pl.col("top_high") / pl.when(pl.col("bottom_low") > 0).then(pl.col("bottom_low")) - offset
    value = 100 * pl.col("numerator") / pl.col("denominator") - offset
    exact = pl.lit(Qualifier.EXACT.value)
    status = pl.when(value == 0).then(pl.lit(CellStatus.DECLARED_ZERO.value))
    return sums.select(
        *(name for name in _PLACE if name in sums.columns),
        indicator=pl.col("rate"),
        value=value,
        numerator=pl.col("numerator"),
        denominator=pl.col("denominator"),
        qualifier=pl.when("exact").then(exact).otherwise(pl.lit(Qualifier.APPROX.value)),
        lower=pl.when("exact").then(value).otherwise(low),
        upper=pl.when("exact").then(value).otherwise(high),
        status=status.otherwise(pl.lit(CellStatus.VALUE.value)),
        derived=pl.lit(True),
    )


# ------------------------------------------------------------------------------------------------ over the year

_DAY = timedelta(days=1)


def in_period_from_ytd(frame: pl.DataFrame) -> pl.DataFrame:
    """In-period figures out of running totals of a year.

    ``frame``: ``first``, ``last`` (dates of the window), ``value`` and any columns that tell series apart (unit,
    indicator, breakdown …). Every window of a series must begin on the same day and end on another; the result has the
    windows between the ends. After a missing total the next figure is missing too. Raises
    :class:`domain.period.WindowError` otherwise.
    """
    keys = _series(frame)
    ordered = frame.sort(*keys, "last", maintain_order=True)
    before = pl.col("last").shift().over(keys) if keys else pl.col("last").shift()
    total = pl.col("value").shift().over(keys) if keys else pl.col("value").shift()
    start = pl.col("first").shift().over(keys) if keys else pl.col("first").shift()
    _refuse(ordered, start.is_not_null() & (start != pl.col("first")), "running totals must begin on the same day")
    _refuse(ordered, before.is_not_null() & (before == pl.col("last")), "two running totals end on the same day")
    return ordered.with_columns(
        first=pl.when(before.is_null()).then(pl.col("first")).otherwise(before + _DAY),
        value=pl.when(before.is_null()).then(pl.col("value")).otherwise(pl.col("value") - total),
    )


def ytd_from_in_period(frame: pl.DataFrame) -> pl.DataFrame:
    """Running totals out of in-period figures (columns as in :func:`in_period_from_ytd`).

    The windows of a series must follow one another without a gap or an overlap; from the first missing figure on the
    total is missing. Raises :class:`domain.period.WindowError` otherwise.
    """
    keys = _series(frame)
    ordered = frame.sort(*keys, "first", maintain_order=True)
    before = pl.col("last").shift().over(keys) if keys else pl.col("last").shift()
    _refuse(ordered, (before >= pl.col("first")).fill_null(False), "windows overlap")
    _refuse(ordered, (before + _DAY < pl.col("first")).fill_null(False), "days are missing between windows")
    gap = pl.col("value").is_null().cum_max()
    running = pl.when(~gap).then(pl.col("value").cum_sum())
    first = pl.col("first").first()
    return ordered.with_columns(
        value=running.over(keys) if keys else running, first=first.over(keys) if keys else first
    )


def _series(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name not in ("first", "last", "value")]


def _refuse(frame: pl.DataFrame, wrong: pl.Expr, why: str) -> None:
    found = frame.with_columns(_wrong=wrong).filter(pl.col("_wrong")).drop("_wrong")
    if found.height:
        raise WindowError(f"{why}: {found.row(0, named=True)}")
