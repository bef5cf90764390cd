"""Settings: environment variables ``TONGKET_…`` or a ``.env`` file; nothing here is ever printed with its secrets."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalog import DATA

#: Files a batch: large enough that the fixed cost of a Great Expectations run vanishes, small enough for steady memory.
DEFAULT_BATCH = 2_500


class Settings(BaseSettings):
    """Where the workspace and the warehouse are, and how work is cut up."""

    model_config = SettingsConfigDict(env_prefix="TONGKET_", env_file=".env", env_file_encoding="utf-8", extra="ignore")

    home: Path = Field(default=Path("workspace"), description="the workspace folder")
    warehouse_url: SecretStr | None = Field(default=None, description="default: SQLite in the workspace")
    reader_url: SecretStr | None = Field(
        default=None, description="the warehouse by the role that may only read, for questions; default: warehouse_url"
    )
    lang: Literal["vi", "en"] = "vi"
    catalog: Path | None = Field(default=None, description="a definitions folder other than the shipped one")
    arrival: Literal["taken", "modified"] = Field(
        default="taken",
        description="when a file counts as arrived: when it was put into the inbox or submitted, or when it was saved",
    )
    workers: int = Field(default_factory=lambda: max(1, min(4, os.cpu_count() or 1)), ge=1, le=64)
    batch_size: int = Field(default=DEFAULT_BATCH, ge=1, le=20_000)

    @cached_property
    def workspace(self) -> Workspace:
        return Workspace(self.home.resolve())

    @property
    def catalog_root(self) -> Path:
        return self.catalog or DATA

    @property
    def url(self) -> str:
        """The warehouse's address with its password; only for opening a connection."""
        if self.warehouse_url is not None and self.warehouse_url.get_secret_value():
            return self.warehouse_url.get_secret_value()
        return f"sqlite:///{self.workspace.home / 'warehouse.db'}"

    @property
    def reading_url(self) -> str:
        """Where questions are asked: by a role that cannot write, when there is one (``tongket role``)."""
        return (self.reader_url and self.reader_url.get_secret_value()) or self.url


class Workspace:
    """The folders of one installation."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.inbox = home / "inbox"
        self.archive = home / "archive"
        self.returned = home / "returned"
        self.published = home / "published"
        self.docs = home / "docs"
        self.templates = home / "templates"
        self.prefect = home / ".prefect"

    @property
    def folders(self) -> tuple[Path, ...]:
        return (self.inbox, self.archive, self.returned, self.published, self.docs, self.templates)

    def create(self) -> None:
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def exists(self) -> bool:
        return self.archive.is_dir()
