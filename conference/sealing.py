"""Frames as text that is the same everywhere, sealed by SHA-256 and opened again.

The text is what is hashed and what is kept: neither a version of a library nor a database has a say in it. One line
names the frame and its columns, then one line a row, in the order of the frame's keys; cells are parted by tabs,
``\\N`` is nothing, and ``\\t \\n \\r \\\\`` stand for tab, line feed, carriage return and backslash. Numbers have the
fewest digits that read back as the same number, as Python writes them.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from conference.frozen import KEYS, SCHEMAS
from domain.act import ActRefusedError

#: Type of a column by the word that stands for it in the text.
_TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "truth": pl.Boolean(),
    "day": pl.Date(),
    "moment": pl.Datetime("us", "UTC"),
}

_NOTHING = "\\N"

#: What stands for a letter that would end a cell or a line; the backslash comes first, and last on the way back.
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}

#: Rows put into words at a time.
_AT_A_TIME = 100_000


class DamagedPartError(ActRefusedError):
    """What was kept of a conference is not what was frozen; ``part`` names the frame, or is empty for the whole."""

    def __init__(self, part: str, vi: str, en: str) -> None:
        super().__init__(vi, en)
        self.part = part


@dataclass(frozen=True, slots=True)
class Sealed:
    """A frame with its seal. ``fields``: its columns, each ``name:type``, parted by commas. ``content``: its text,
    compressed; ``None`` where the rows themselves are kept."""

    frame: str
    fields: str
    rows: int
    sha256: str
    content: bytes | None


def conformed(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as ``SCHEMAS`` has it, sorted by its keys: what is sealed.

    No text holds the NUL character, which one of the databases cannot keep, and no number is a negative zero, which the
    other cannot. Raises ``ValueError`` when a column is missing, a number is none, or two rows have the same key.
    """
    schema = SCHEMAS[name]
    if missing := [column for column in schema if column not in frame.columns]:
        raise ValueError(f"{name} lacks the columns {missing}")
    texts = [column for column, dtype in schema.items() if dtype == pl.String]
    numbers = [column for column, dtype in schema.items() if dtype == pl.Float64]
    tidy = frame.select(pl.col(column).cast(dtype) for column, dtype in schema.items()).with_columns(
        pl.col(texts).str.replace_all("\0", "", literal=True),
        # a negative zero is equal to zero, and is written otherwise
        *[pl.when(pl.col(column) == 0).then(0.0).otherwise(pl.col(column)).alias(column) for column in numbers],
    )
    if numbers and tidy.select(pl.any_horizontal(pl.col(numbers).is_nan().any())).item():
        raise ValueError(f"{name} holds a number that is none")
    keys = list(KEYS[name])
    if tidy.select(pl.struct(keys).is_duplicated().any()).item():
        raise ValueError(f"{name} has two rows with the same {', '.join(keys)}")
    return tidy.sort(keys)


# ------------------------------------------------------------------------------------------------ sealing


def seal(name: str, frame: pl.DataFrame, *, keep: bool = True) -> Sealed:
    """The seal of a frame that :func:`conformed` gave; without ``keep`` it carries no content."""
    fields = ",".join(f"{column}:{_word(dtype)}" for column, dtype in frame.schema.items())
    digest, packed = hashlib.sha256(), zlib.compressobj()
    content = []
    for piece in _text(name, fields, frame):
        digest.update(piece)
        if keep:
            content.append(packed.compress(piece))
    whole = b"".join([*content, packed.flush()]) if keep else None
    return Sealed(name, fields, frame.height, digest.hexdigest(), whole)


def hash_of(seals: Mapping[str, str]) -> str:
    """The hash of a conference: over the names of its frames and their seals, whatever their order."""
    told = "".join(f"{name}\t{sha256}\n" for name, sha256 in sorted(seals.items()))
    return hashlib.sha256(told.encode()).hexdigest()


def _word(dtype: pl.DataType) -> str:
    return next(word for word, kind in _TYPES.items() if kind == dtype)


def _text(name: str, fields: str, frame: pl.DataFrame) -> Iterator[bytes]:
    yield f"{name}\t{fields}\n".encode()
    for part in frame.iter_slices(_AT_A_TIME):
        if part.height:
            cells = [_cells(part[column]) for column in part.columns]
            line = pl.concat_str([pl.col(cell.name).fill_null(_NOTHING) for cell in cells], separator="\t")
            yield (pl.DataFrame(cells).select(line.str.join("\n")).item() + "\n").encode()


def _cells(series: pl.Series) -> pl.Series:
    if series.dtype == pl.String:
        for letter, sign in _ESCAPED.items():
            series = series.str.replace_all(letter, sign, literal=True)
        return series
    if series.dtype == pl.Float64:
        # each different number once: a column of figures holds the same few over and over
        different = series.drop_nulls().unique()
        words = pl.Series([repr(number) for number in different], dtype=pl.String)
        return series.replace_strict(different, words, default=None, return_dtype=pl.String)
    if series.dtype == pl.Date:
        return series.dt.strftime("%Y-%m-%d")
    if isinstance(series.dtype, pl.Datetime):
        return series.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return series.cast(pl.String)


# ------------------------------------------------------------------------------------------------ opening


def opened(part: Sealed) -> pl.DataFrame:
    """The frame a seal was put on, from its content; raises :class:`DamagedPartError` unless it is the very same."""
    try:
        text = zlib.decompress(part.content or b"")
    except zlib.error:
        raise _damaged(part.frame) from None
    head = f"{part.frame}\t{part.fields}\n"
    if hashlib.sha256(text).hexdigest() != part.sha256 or not text.startswith(head.encode()):
        raise _damaged(part.frame)
    lines = text.decode()[len(head) :].split("\n")[:-1]
    if len(lines) != part.rows:
        raise _damaged(part.frame)
    cells = pl.Series("line", lines, dtype=pl.String).str.split("\t")
    return pl.DataFrame(
        [_read(cells.list.get(place), *field.split(":")) for place, field in enumerate(part.fields.split(","))]
    )


def intact(part: Sealed, frame: pl.DataFrame) -> pl.DataFrame:
    """``frame``, whose rows were kept as they are, when it is what the seal was put on; else
    :class:`DamagedPartError`."""
    fields = [field.partition(":")[::2] for field in part.fields.split(",")]
    if frame.height != part.rows or not all(name in frame.columns and word in _TYPES for name, word in fields):
        raise _damaged(part.frame)
    rows = frame.select(pl.col(name).cast(_TYPES[word]) for name, word in fields).sort(list(KEYS[part.frame]))
    if seal(part.frame, rows, keep=False).sha256 != part.sha256:
        raise _damaged(part.frame)
    return rows


def as_today(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A frame that an older program froze, with the columns of today: what was not kept then is null."""
    return frame.select(
        (pl.col(column) if column in frame.columns else pl.lit(None)).cast(dtype).alias(column)
        for column, dtype in SCHEMAS[name].items()
    )


def _read(cells: pl.Series, name: str, word: str) -> pl.Series:
    known = cells.set(cells == _NOTHING, None).alias(name)
    dtype = _TYPES[word]
    if dtype == pl.String:
        # no text holds a NUL, so it can hold the place of an escaped backslash
        known = known.str.replace_all("\\\\", "\0", literal=True)
        for letter, sign in list(_ESCAPED.items())[1:]:
            known = known.str.replace_all(sign, letter, literal=True)
        return known.str.replace_all("\0", "\\", literal=True)
    if dtype == pl.Float64:
        return pl.Series(name, [None if text is None else float(text) for text in known], dtype=dtype)
    if dtype == pl.Boolean:
        return known == "true"
    if dtype == pl.Date:
        return known.str.to_date("%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        return known.str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", time_unit="us").dt.replace_time_zone("UTC")
    return known.cast(dtype)


def _damaged(part: str) -> DamagedPartError:
    return DamagedPartError(
        part,
        f"Bảng {part} của hội nghị đã bị hỏng hoặc sửa: dấu SHA-256 không khớp; khôi phục từ bản sao lưu",
        f"The frame {part} of the conference was damaged or changed: its SHA-256 differs; bring back a backup",
    )
