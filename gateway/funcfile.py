"""Reading app.yaml and func.yaml (Fn CLI 0.6, schema 20180708) from folders.

The fields that matter here: name, memory, timeout, idle_timeout, config, annotations, triggers.
``annotations`` is a mapping at the top level of both files (fnproject/cli, common/funcfile.go).
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.errors import GatewayError

# `fn deploy --all` at the root of the bundle deploys every func.yaml below it; the functions of the
# examples and the tests call theirs function.yaml, so that it passes them by.
FUNC_FILES = ("func.yaml", "func.yml", "func.json", "function.yaml")
APP_FILES = ("app.yaml", "app.yml", "app.json")


@dataclass(frozen=True, slots=True)
class FuncFile:
    """One function's folder and the patches that deploy it: its own fields, and its triggers'."""

    folder: Path
    name: str
    version: str
    fields: dict[str, Any]
    triggers: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """An app and the functions to deploy into it."""

    app: str
    fields: dict[str, Any]
    functions: tuple[FuncFile, ...]


def read_root(root: Path) -> Bundle:
    """ROOT/app.yaml (required), ROOT/func.yaml and ROOT/functions/*/func.yaml; nothing else."""
    app_file = _first(root, APP_FILES)
    if app_file is None:
        raise GatewayError(f"no app.yaml in {root}")
    app = _read(app_file)
    if not app.get("name"):
        raise GatewayError(f"{app_file} names no app")
    folders = [root, *sorted(path for path in (root / "functions").glob("*") if path.is_dir())]
    return Bundle(str(app["name"]), _app_fields(app, root), _functions(folders))


def read_folder(name: str, folder: Path) -> Bundle:
    """Every func.yaml below the folder, hidden folders left out, as the app ``name``."""
    if not folder.is_dir():
        raise GatewayError(f"--app {name}: {folder} is no folder")
    app_file = _first(folder, APP_FILES)
    fields = _app_fields(_read(app_file) if app_file else {}, folder)
    functions = _functions(list(_folders(folder)))
    if not functions:
        raise GatewayError(f"--app {name}: no func.yaml below {folder}")
    return Bundle(name, fields, functions)


def _folders(top: Path) -> Iterator[Path]:
    for path, children, _ in os.walk(top):
        children[:] = sorted(name for name in children if _is_ours(Path(path, name)))
        yield Path(path)


def _is_ours(folder: Path) -> bool:
    """Whether a folder below an app's belongs to it: neither hidden nor another app."""
    return not folder.name.startswith((".", "__pycache__")) and _first(folder, APP_FILES) is None


def _functions(folders: list[Path]) -> tuple[FuncFile, ...]:
    files = ((folder, _first(folder, FUNC_FILES)) for folder in folders)
    return tuple(_function(folder.resolve(), file) for folder, file in files if file)


def _function(folder: Path, file: Path) -> FuncFile:
    spec = _read(file)
    limits = {key: spec[key] for key in ("memory", "timeout", "idle_timeout") if key in spec}
    for key, value in limits.items():
        if not isinstance(value, int) or isinstance(value, bool):
            raise GatewayError(f"{file}: {key} must be a whole number")
    return FuncFile(
        folder=folder,
        name=str(spec.get("name") or folder.name),
        version=str(spec.get("version") or "0.0.1"),
        fields=limits | _settings(spec, file),
        triggers=tuple(_trigger(trigger, file) for trigger in spec.get("triggers") or ()),
    )


def _trigger(trigger: Any, file: Path) -> dict[str, str]:
    if not isinstance(trigger, dict):
        raise GatewayError(f"{file}: each trigger must be a mapping")
    return {key: str(trigger.get(key, "")) for key in ("name", "type", "source")}


def _app_fields(app: dict[str, Any], folder: Path) -> dict[str, Any]:
    return _settings(app, folder / "app.yaml") | {"syslog_url": str(app.get("syslog_url") or "")}


def _settings(spec: dict[str, Any], file: Path) -> dict[str, Any]:
    """Config and annotations; like the CLI, config values are taken as text."""
    config, annotations = spec.get("config") or {}, spec.get("annotations") or {}
    if not isinstance(config, dict) or not isinstance(annotations, dict):
        raise GatewayError(f"{file}: config and annotations must be mappings")
    return {
        "config": {str(key): _text(value) for key, value in config.items()},
        "annotations": annotations,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read(file: Path) -> dict[str, Any]:
    try:
        value = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise GatewayError(f"cannot read {file}: {' '.join(str(error).split())}") from error
    if not isinstance(value, dict):
        raise GatewayError(f"{file} must be a mapping")
    return value
