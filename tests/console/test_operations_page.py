"""The page on operations and what lies in ``deploy/``: every command is there, every variable is read by somebody."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from prefect.settings import Settings as PrefectSettings
from prefect.settings.legacy import _get_settings_fields
from prometheus_client.parser import text_string_to_metric_families
from typer.main import get_command

from console.cli import app
from tasks.log import events_in_markdown
from tasks.metrics import Warehouse, exposition
from tasks.settings import Settings
from tests.commands import run_here

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
UNITS = sorted((DEPLOY / "systemd").iterdir())

#: Read by the files themselves: the password of compose's database, where Dask's scheduler listens.
OWN = {"TONGKET_DB_PASSWORD"}


def test_every_command_of_the_page_does_what_it_says(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)).splitlines():
        backups = sorted((tmp_path / "kho" / "backups").glob("*.zip"))
        words = shlex.split(line.replace("$PWD", str(tmp_path)).replace("$BAN_SAO_LUU", str([*backups, "-"][0])))
        if words[0] == "export":
            monkeypatch.setenv(*words[1].split("=", 1))
            continue
        assert words[0] == "tongket", line
        ran = run_here(*words[1:])
        assert (ran.code, ran.err) == (0, ""), f"{line}\n{ran.said}"


def _commands(group: Any) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    for name, command in group.commands.items():
        options = {option for parameter in command.params for option in parameter.opts}
        yield (name,), options
        if isinstance(command, typer.core.TyperGroup):
            yield from (((name, *rest), known) for rest, known in _commands(command))


def test_every_command_that_is_named_is_there_with_its_options() -> None:
    known = dict(_commands(get_command(app)))
    text = PAGE + "".join(path.read_text(encoding="utf-8") for path in FILES)
    command = r"(?:^|`|\$ |bin/|\[|: )tongket(?:, | )([a-z][a-z-]*)(?: ([a-z][a-z-]*))?((?: --[a-z-]+)*)"
    found = [(first, second, options.split()) for first, second, options in re.findall(command, text, re.MULTILINE)]
    assert {first for first, _, _ in found} <= {path[0] for path in known}
    assert {"serve", "backup", "doctor", "monitor", "init"} <= {first for first, _, _ in found}
    for first, second, options in found:
        path = (first, second) if (first, second) in known else (first,)
        assert set(options) <= known[path] | {"--help"}, (path, options)


def test_every_variable_is_read_by_somebody() -> None:
    ours = {f"TONGKET_{name.upper()}" for name in Settings.model_fields} | OWN
    theirs = set(_get_settings_fields(PrefectSettings))
    text = PAGE + "".join(path.read_text(encoding="utf-8") for path in FILES)
    named = set(re.findall(r"\b(?:TONGKET|PREFECT)_[A-Z0-9_]+\b", text))
    assert named - ours - theirs == set()
    assert {"TONGKET_METRICS_HOST", "PREFECT_API_URL", "PREFECT_SERVER_DATABASE_CONNECTION_URL"} <= named


def test_the_catalogue_of_events_on_the_page_is_that_of_the_program() -> None:
    found = re.search(r"<!-- events -->\n(.*?)\n<!-- /events -->", PAGE, re.DOTALL)
    assert found
    assert found[1] == events_in_markdown()


# ------------------------------------------------------------------------------------------------ deploy


class _Unit(ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _restart(path: Path) -> str:
    """A worker of Dask ends with exit code 0 when its scheduler goes away, and must come back all the same."""
    return "always" if "dask-worker" in path.name else "on-failure"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_guarded_and_start_what_there_is(path: Path) -> None:
    unit = _Unit(interpolation=None, strict=True, delimiters=("=",))
    unit.read_string(path.read_text(encoding="utf-8"))
    if path.suffix == ".timer":
        assert unit["Timer"]["Persistent"] == "yes"
        return
    service = unit["Service"]
    assert {service[name] for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome")} == {"yes"}
    assert (service["ProtectSystem"], service["User"]) == ("strict", "tongket")
    assert service["ReadWritePaths"] == "/var/lib/tongket"
    assert "EnvironmentFile" in service
    assert service["Type"] == "oneshot" or service["Restart"] == _restart(path)
    program = Path(service["ExecStart"].split()[0])
    assert program.parent == Path("/opt/tongket/.venv/bin")
    assert program.name in ("tongket", "prefect", "dask")
    example = (DEPLOY / "tongket.env.example").read_text(encoding="utf-8")
    assert all(f"{name}=" in example for name in re.findall(r"\$\{(\w+)\}", service["ExecStart"]))


def test_compose_names_nothing_that_is_not_there() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert {key for key in compose if not key.startswith("x-")} == {"name", "services", "configs", "volumes"}
    services = compose["services"]
    for name, service in services.items():
        assert "image" in service, name
        assert set(service.get("depends_on", {})) <= set(services), name
        volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]
        assert {volume for volume in volumes if not volume.startswith(".")} <= set(compose["volumes"]), name
        assert {item["source"] for item in service.get("configs", [])} <= set(compose["configs"]), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    given = set(re.findall(r"^(\w+)=", (DEPLOY / "compose.env.example").read_text(encoding="utf-8"), re.M))
    assert asked == given
    # a service may not write beside the program, where Prefect's server would copy its pages to
    assert "PREFECT_UI_STATIC_DIRECTORY" in services["prefect-server"]["environment"]
    assert "\nPREFECT_UI_STATIC_DIRECTORY=" in (DEPLOY / "tongket.env.example").read_text(encoding="utf-8")


def test_alerts_ask_for_metrics_there_are(workspace: Path) -> None:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    settings = Settings()
    (settings.workspace.backups).mkdir()
    (settings.workspace.backups / "a.zip").touch()
    collector = Warehouse(settings)
    exposition(collector)
    if collector._counting is not None:
        collector._counting.join()
    collector._collected_at = float("-inf")
    families = list(text_string_to_metric_families(exposition(collector).decode()))
    there = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    labels = {
        f"{made.name}_total" if made.type == "counter" else made.name: set(getattr(made, "_labelnames", ()))
        for made in collector.collect()
    }
    values = {
        (sample.name, *label) for family in families for sample in family.samples for label in sample.labels.items()
    }
    for rule in group["rules"]:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert " · " in rule["annotations"]["summary"]
        assert set(re.findall(r"tongket_\w+", rule["expr"])) <= there, rule["alert"]
        assert rule["expr"].count("(") == rule["expr"].count(")")
        for name, label, wanted in re.findall(r'(tongket_\w+)\{(\w+)=~?"([^"]+)"\}', rule["expr"]):
            assert label in labels[name], rule["alert"]
            if name in {value[0] for value in values}:
                assert {(name, label, item) for item in wanted.split("|")} <= values, rule["alert"]
        spoken = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert spoken <= labels[re.findall(r"tongket_\w+", rule["expr"] + " tongket_up")[0]], rule["alert"]
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text(encoding="utf-8"))
    assert scrape["rule_files"] == ["alerts.yaml"]
