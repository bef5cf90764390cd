"""The outline, the styles and the words of the pack: data in ``conference/data``, read and proved here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

DATA = Path(__file__).with_name("data")

#: An indicator, or one part of it: ``dossiers_received[field=chung_thuc]``.
FigureName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\[[a-z_]+=[a-z0-9_]+(;[a-z_]+=[a-z0-9_]+)*\])?$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(_Part):
    """The same in both languages."""

    vi: str
    en: str

    def __call__(self, language: str) -> str:
        return self.en if language == "en" else self.vi


class Clause(Said):
    """What follows the lead of a sentence. A ``plain`` clause stands at once behind the lead, not after "trong đó"."""

    figure: FigureName
    plain: bool = False


class Sentence(Said):
    lead: FigureName
    clauses: tuple[Clause, ...] = ()
    slide: bool = False
    chart: str | None = None


class ChartOf(Said):
    id: str
    kind: Literal["beside", "children", "parts"]
    figures: tuple[FigureName, ...] = Field(min_length=1)


class Section(Said):
    id: str
    sentences: tuple[Sentence, ...] = ()
    table: tuple[FigureName, ...] = ()
    children: tuple[FigureName, ...] = ()
    charts: tuple[ChartOf, ...] = ()
    narratives: tuple[str, ...] = ()
    #: sentences made from all targets and the reporting, not from a named figure
    told: Literal["strengths", "limitations"] | None = None
    slide: bool = False
    #: a person has to write something here
    write: bool = False


class Part(Said):
    id: str
    sections: tuple[Section, ...]


class ListColumn(Said):
    key: str
    codelist: str | None = None
    is_date: bool = False
    width: int = 20


class ListOf(_Part):
    code: str
    columns: tuple[ListColumn, ...]


class Breakdown(_Part):
    dimensions: tuple[str, ...]


class Annex(Said):
    number: int
    figures: tuple[FigureName, ...] = ()
    breakdown: Breakdown | None = None
    list: ListOf | None = None
    told: Literal["ratings", "comparison", "missing"] | None = None


class Selection(_Part):
    units: int
    characters: int


class Limits(_Part):
    child_rows: int
    chart_bars: int
    missing_listed: int


class Outline(_Part):
    forms: tuple[str, ...]
    selection: Selection
    limits: Limits
    parts: tuple[Part, ...]
    annexes: tuple[Annex, ...]
    page: tuple[FigureName, ...]

    @property
    def figures(self) -> tuple[str, ...]:
        """Every figure the outline names, in its order, each once."""
        names = [name for part in self.parts for section in part.sections for name in _named(section)]
        names += [name for annex in self.annexes for name in annex.figures]
        return tuple(dict.fromkeys([*names, *self.page]))


def _named(section: Section) -> list[str]:
    told = [name for s in section.sentences for name in (s.lead, *(clause.figure for clause in s.clauses))]
    charts = [name for chart in section.charts for name in chart.figures]
    return [*told, *section.table, *section.children, *charts]


def split(name: str) -> tuple[str, str]:
    """``models_total[level=tinh]`` → ``("models_total", "level=tinh")``."""
    indicator, _, breakdown = name.partition("[")
    return indicator, breakdown.removesuffix("]")


# ------------------------------------------------------------------------------------------------ styles


class Line(Said):
    """A line of the header, the title or the signature; ``rule``: a line below it, in parts of its room."""

    size: float
    bold: bool = False
    italic: bool = False
    underline: bool = False
    caps: bool = False
    rule: float = 0
    space_before_pt: float = 0
    space_after_pt: float = 0


class Body(_Part):
    size: float
    line_spacing: float
    space_after_pt: float
    first_line_cm: float


class Font(_Part):
    size: float
    bold: bool = False
    italic: bool = False
    caps: bool = False


class Margins(_Part):
    top: float
    bottom: float
    left: float
    right: float


class Recipients(_Part):
    head: Line
    lines: tuple[Line, ...]


class Style(_Part):
    """How a document of one standard and version looks; millimetres, points and centimetres as the names say."""

    standard: str
    version: str
    note_vi: str
    note_en: str
    unit_kinds: tuple[str, ...]
    paper_mm: tuple[float, float]
    margins_mm: Margins
    header_distance_mm: float
    font: str
    body: Body
    table: Font
    caption: Font
    page_number: Font
    header_widths_mm: tuple[float, float]
    header_left: tuple[Line, ...]
    header_right: tuple[Line, ...]
    title: tuple[Line, ...]
    headings: tuple[Font, ...]
    recipients: Recipients
    signature: tuple[Line, ...]


class UnknownStyleError(ValueError):
    """No style of that name is among the data."""


@cache
def outline() -> Outline:
    return Outline.model_validate(_read("outline.yaml"))


@cache
def styles() -> Mapping[str, Style]:
    found = [Style.model_validate(_read(path.name)) for path in sorted(DATA.glob("style_*.yaml"))]
    return {style.standard: style for style in found}


def style_of(kind: str, asked: str | None = None) -> Style:
    """The style that was asked for, else the one that claims this kind of unit, else that of the State."""
    if asked is not None:
        if asked not in styles():
            raise UnknownStyleError(asked)
        return styles()[asked]
    return next((style for style in styles().values() if kind in style.unit_kinds), styles()["state"])


@cache
def _words() -> Mapping[str, Said]:
    return {key: Said.model_validate(said) for key, said in _read("words.yaml").items()}


class Words:
    """The fixed words in one language: ``words("coverage", n=23, total=25)``."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **filled: Any) -> str:
        return _words()[key](self.language).format(**filled)

    def has(self, key: str) -> bool:
        return key in _words()


def _read(name: str) -> Any:
    return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
