"""Codes of drop-downs, found under any of the words offices write for them."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

from catalog.model import CodeList
from domain.names import fold_name


def _bare(text: str) -> str:
    """The folded name without marks, for those who type without them."""
    letters = unicodedata.normalize("NFD", fold_name(text)).replace("đ", "d")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


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
                bare[_bare(word)].add(item.code)
        self._bare = {word: next(iter(codes)) for word, codes in bare.items() if len(codes) == 1}

    def find(self, text: str) -> str | None:
        """The code the text stands for, or ``None``."""
        folded = fold_name(text)
        return self._exact.get(folded) or (self._bare.get(_bare(text)) if folded else None)
