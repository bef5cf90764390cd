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
    inbox: str | None = Field(default=None, description="the inbox, a folder or s3://bucket/prefix; default: in home")
    archive: str | None = Field(
        default=None, description="the archive, a folder or s3://bucket/prefix; default: in home"
    )
    dask: str | None = Field(default=None, description="a Dask scheduler, tcp://host:8786; default: this machine alone")
    notices: bool = Field(default=True, description="whether notices are made at all; false: neither files nor mail")
    smtp_host: str | None = Field(default=None, description="mail server; without one notices are files only")
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_sender: str | None = Field(default=None, description="address notices come from")
    metrics_port: int = Field(default=4201, ge=0, le=65535, description="port of /metrics and /health; 0: none")
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
        self.notices = home / "notices"
        self.reports = home / "reports"
        self.backups = home / "backups"
        self.logs = home / "logs"
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
