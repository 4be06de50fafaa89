"""What the code promises about its own shape: imports point one way, parts stay small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "shared" / "asl"
MODULES = sorted(path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*.py"))
FUNCTIONS = sorted(path for path in (ROOT / "functions").iterdir() if path.is_dir())

# Which parts of the library a part may import, besides itself.
MAY_IMPORT = {
    "language": set(),
    "store": {"language"},
    "remote": {"language"},
    "settings": {"language"},
    "logs": set(),
    "api_keys": set(),
    "usecases": {"language", "store", "remote", "settings"},
    "aws": {"language", "store", "remote", "settings", "usecases"},
    "console": {"language", "store", "usecases"},
    "wiring": {"language", "store", "remote", "settings", "logs", "usecases"},
    "endpoint": {"language", "store", "settings", "logs", "usecases", "wiring", "api_keys"},
    "front_door": {
        "api_keys",
        "console",
        "language",
        "store",
        "settings",
        "logs",
        "usecases",
        "aws",
        "wiring",
        "endpoint",
    },
}

# Packages that one part alone may import.
OWNERS = {
    "botocore": {"aws/signatures.py"},  # the door alone: it takes long to import
    "fdk": {"endpoint.py", "front_door.py"},  # the doors: the actions, and AWS's API
    "peewee": {"store/"},
    "prometheus_client": {"usecases/metrics.py"},  # of one function; it takes long to import
    "playhouse": {"store/"},
    "sqlite3": {"store/"},
    "psycopg": {"store/"},
    "pymysql": {"store/"},
    "httpx": {"remote/", "usecases/services.py"},  # services makes the client remote is handed
    "http": {"remote/"},
    "opentelemetry": {"remote/log_sinks/otlp.py"},
    "google": {"remote/log_sinks/otlp.py"},
    "requests": {"remote/log_sinks/otlp.py"},
}

IMPURE_MODULES = {
    "asyncio", "concurrent", "ctypes", "fcntl", "fdk", "getpass", "http", "httpx", "io", "logging",
    "mmap", "multiprocessing", "os", "pathlib", "peewee", "playhouse", "random", "secrets",
    "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib", "zoneinfo",
}  # fmt: skip
PURE_NAMES = {"random": {"Random"}}  # a class whose seed or source is passed in
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "breakpoint", "__import__"}
IMPURE_METHODS = {
    "now", "utcnow", "today", "fromtimestamp", "uuid1", "uuid4", "getenv", "urandom",
}  # fmt: skip
CLOCKS = {"datetime", "date", "uuid", "os", "time"}

MOST_LINES, MOST_FUNCTION_LINES, MOST_HANDLER_LINES = 300, 40, 20
LONG_FILES: dict[str, str] = {
    "store/tables.py": "the whole schema, to be read in one place",
}
LONG_FUNCTIONS: dict[str, str] = {}


def imports(module: str) -> Iterator[tuple[str, list[str]]]:
    """Every import of a module, nested ones too: what it imports, and the names from it."""
    for node in ast.walk(syntax(module)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide where they point"
            yield node.module or "", [alias.name for alias in node.names]


def syntax(module: str) -> ast.Module:
    return ast.parse((LIBRARY / module).read_text(encoding="utf-8"))


def parts_imported(module: str) -> set[str]:
    found: set[str] = set()
    for name, names in imports(module):
        if name == "asl":
            found.update(names)
        elif name.startswith("asl."):
            found.add(name.split(".")[1])
    return found


@pytest.mark.parametrize("module", [name for name in MODULES if name != "__init__.py"])
def test_imports_point_one_way(module):
    part = module.split("/")[0].removesuffix(".py")
    assert part in MAY_IMPORT, f"say in MAY_IMPORT where {part} stands"
    assert parts_imported(module) <= MAY_IMPORT[part] | {part}


@pytest.mark.parametrize("package", OWNERS)
def test_a_package_is_imported_only_by_the_part_that_owns_it(package):
    users = {m for m in MODULES for name, _ in imports(m) if name.split(".")[0] == package}
    assert [m for m in users if not any(m.startswith(owner) for owner in OWNERS[package])] == []


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("language/")])
def test_the_language_has_no_clock_no_chance_and_no_input_or_output(module):
    impure = [
        (name, names)
        for name, names in imports(module)
        if name.split(".")[0] in IMPURE_MODULES
        and not (names and set(names) <= PURE_NAMES.get(name, set()))
    ]
    calls = [n for n in ast.walk(syntax(module)) if isinstance(n, ast.Call) and is_impure(n.func)]
    assert impure == []
    assert [ast.unparse(call) for call in calls] == []


def is_impure(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in IMPURE_CALLS | {"uuid1", "uuid4"}
    if not isinstance(called, ast.Attribute) or called.attr not in IMPURE_METHODS:
        return False
    owner = called.value
    return (isinstance(owner, ast.Name) and owner.id in CLOCKS) or (
        isinstance(owner, ast.Attribute) and owner.attr in CLOCKS
    )


def test_files_of_the_library_are_short_save_those_with_a_reason():
    lengths = {m: len((LIBRARY / m).read_text(encoding="utf-8").splitlines()) for m in MODULES}
    assert {m for m, length in lengths.items() if length > MOST_LINES} <= set(LONG_FILES)


def test_functions_of_the_library_are_short_save_those_with_a_reason():
    long = {
        f"{module}:{node.name}"
        for module in MODULES
        for node in ast.walk(syntax(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MOST_FUNCTION_LINES
    }
    assert long <= set(LONG_FUNCTIONS)


@pytest.mark.parametrize("folder", FUNCTIONS, ids=lambda folder: folder.name)
def test_a_function_is_a_short_handler_a_bare_func_yaml_and_a_two_line_dockerfile(folder):
    handler = (folder / "func.py").read_text(encoding="utf-8")
    spec = (folder / "func.yaml").read_text(encoding="utf-8")
    dockerfile = (folder / "Dockerfile").read_text(encoding="utf-8")
    assert len(handler.splitlines()) <= MOST_HANDLER_LINES
    assert "#" not in spec, "fn deploy rewrites func.yaml and loses comments"
    assert yaml.safe_load(spec)["name"] == folder.name
    assert len(dockerfile.splitlines()) == 2


def test_function_names_are_unique_because_images_are_named_by_them_alone():
    files = [*ROOT.glob("functions/*/func.yaml"), *ROOT.glob("examples/**/function.yaml")]
    files += [path for path in [ROOT / "func.yaml"] if path.exists()]
    names = [yaml.safe_load(path.read_text(encoding="utf-8"))["name"] for path in files]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("folder", FUNCTIONS, ids=lambda folder: folder.name)
def test_a_function_that_invites_others_stays_idle_longer_than_any_call_may_last(folder):
    spec = yaml.safe_load((folder / "func.yaml").read_text(encoding="utf-8"))
    assert spec["idle_timeout"] > 300 >= spec["timeout"]
