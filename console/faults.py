"""Faults of the surroundings, said in a sentence; anything else is a fault of the program and keeps its traceback."""

from __future__ import annotations

from console.words import say


def explain(error: Exception) -> str | None:
    """The sentence for a fault a person can mend, or ``None``."""
    from pydantic import ValidationError

    from catalog import CatalogError

    if isinstance(error, CatalogError):
        places = "\n".join(f"  {fault}" for fault in error.faults)
        return say(f"Bộ định nghĩa có lỗi:\n{places}", f"The definitions do not hold together:\n{places}")
    if isinstance(error, ValidationError) and error.title == "Settings":
        places = "\n".join(f"  TONGKET_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors())
        return say(f"Cấu hình sai:\n{places}", f"A setting is wrong:\n{places}")
    return _explain_database(error)


def _explain_database(error: Exception) -> str | None:
    """Database faults are known by name, so that reading the help does not load a database library."""
    if type(error).__module__.startswith("sqlalchemy"):
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        return say(
            f"Kho số liệu không trả lời: {cause}. Kiểm tra TONGKET_WAREHOUSE_URL rồi chạy lại; chưa có gì bị ghi dở.",
            f"The warehouse did not answer: {cause}. Check TONGKET_WAREHOUSE_URL and run again; nothing was half-written.",
        )
    if isinstance(error, PermissionError | FileNotFoundError):
        return say(
            f"Không mở được {error.filename}: {error.strerror}", f"Cannot open {error.filename}: {error.strerror}"
        )
    return None
