"""Codes of drop-downs, found under any of the words offices write for them."""

from __future__ import annotations

from collections import defaultdict

from catalog.model import CodeList
from domain.names import fold_bare, fold_name


class CodeBook:
    """The codes of one list under their code, labels and aliases; case never matters.

    Words typed without diacritics are understood only where they mean one code.
    """

    def __init__(self, codelist: CodeList) -> None:
        self._exact: dict[str, str] = {}
        bare: dict[str, set[str]] = defaultdict(set)
        for item in codelist.items:
            for word in (item.code, item.label_vi, item.label_en, *item.aliases):
                self._exact.setdefault(fold_name(word), item.code)
                bare[fold_bare(word)].add(item.code)
        self._bare = {word: next(iter(codes)) for word, codes in bare.items() if len(codes) == 1}

    def find(self, text: str) -> str | None:
        """The code the text stands for, or ``None``."""
        folded = fold_name(text)
        return self._exact.get(folded) or (self._bare.get(fold_bare(text)) if folded else None)
