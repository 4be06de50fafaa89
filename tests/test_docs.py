"""The documents say what is there: settings, actions, errors; and their examples are right."""

import importlib
import json
import re
import shlex
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from asl.language.machine import parse_machine
from asl.settings import READERS, read_settings
from asl.usecases import errors
from asl.usecases.common import Command

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ACTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/func.py"))
DEFINITIONS = sorted((ROOT / "examples").glob("*.asl.json"))
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language in all documents."""
    pattern = rf"^```{language}\n(.*?)^```"
    return [
        block
        for document in DOCUMENTS
        for block in re.findall(
            pattern, document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
    ]


def rows(text: str) -> dict[str, list[str]]:
    """The tables of a text: the cells of each row whose first cell is one word of code."""
    lines = [line.strip().strip("|").split(" | ") for line in text.splitlines() if "|" in line]
    cells = [[cell.strip() for cell in line] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells if re.fullmatch(r"`[\w-]+`", row[0])}


def section(action: str) -> str:
    found = re.search(rf"^## {action}\n(.*?)(?=^## |\Z)", API, re.MULTILINE | re.DOTALL)
    assert found, f"docs/api.md has no section on {action}"
    return found[1]


def command_of(action: str) -> type[Command]:
    """What an action takes: the command that its func.py hands to the endpoint."""
    handler = (ROOT / "functions" / action / "func.py").read_text(encoding="utf-8")
    found = re.search(r"from (asl\.usecases\.\w+) import (\w+)", handler)
    assert found, f"functions/{action}/func.py imports no use case"
    kind = getattr(importlib.import_module(found[1]), found[2])
    assert issubclass(kind, Command)
    return kind


def refusals_in_use() -> dict[str, int]:
    """Names and statuses of the refusals that some use case makes."""
    sources = (ROOT / "shared" / "asl" / "usecases").glob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    refusals = [kind for kind in kinds if issubclass(kind, errors.Refusal)]
    return {k.name: k.status for k in refusals if f"raise {k.__name__}(" in text}


def test_every_setting_is_in_the_table_with_its_default():
    table = rows((ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))
    shown = {name: row[0].strip("`") for name, row in table.items()}
    defaults = read_settings({})
    assert shown.keys() == READERS.keys()
    assert read_settings(shown) == defaults
    blank = {name for name, value in shown.items() if not value}
    assert not any(getattr(defaults, name.lower()) for name in blank)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_documented_with_all_it_takes(action):
    documented = {
        name.strip("` ")
        for line in section(action).splitlines()
        if line.startswith("| `")
        for name in line.split("|")[1].split(",")
    }
    assert documented == set(command_of(action).__struct_encode_fields__)


def test_every_documented_section_is_an_action():
    assert set(re.findall(r"^## (.*)$", API, re.MULTILINE)) == {*ACTIONS, "Errors"}


def test_every_refusal_is_in_the_table_of_errors_with_its_status():
    table = {name: int(row[0]) for name, row in rows(section("Errors")).items()}
    assert refusals_in_use().items() <= table.items()


@pytest.mark.parametrize("block", blocks("json"), ids=lambda block: block[:30])
def test_json_blocks_are_json_and_those_that_are_definitions_are_sound(block):
    value = json.loads(block)
    if "StartAt" in value:
        parse_machine(value)


def requests() -> list[tuple[str, str, bool]]:
    """What the shell examples send: (action, JSON or query, whether it is a query)."""
    found: list[tuple[str, str, bool]] = []
    for command in (c for block in blocks("sh") for c in commands(block)):
        words = shlex.split(command)
        if words[:1] == ["curl"]:
            url = urlsplit(words[1])
            assert url.path.startswith("/t/states/"), command
            action = url.path.rsplit("/", 1)[1]
            body = words[words.index("-d") + 1] if "-d" in words else url.query
            found.append((action, body, "-d" not in words))
        elif words[:1] == ["echo"]:
            assert words[2:6] == ["|", "fn", "invoke", "states"], command
            found.append((words[6], words[1], False))
    return found


def commands(block: str) -> list[str]:
    """The commands of a shell block; a line goes on while a quote is open."""
    complete: list[str] = []
    pending = ""
    for line in block.splitlines():
        pending += line + "\n"
        if pending.count("'") % 2 == 0:
            complete.append(pending.strip())
            pending = ""
    return complete


@pytest.mark.parametrize(("action", "text", "is_query"), requests())
def test_shell_examples_send_what_their_action_takes(action, text, is_query):
    fields = dict(parse_qsl(text)) if is_query else json.loads(text)
    command = msgspec.convert(fields, command_of(action), strict=not is_query)
    definition = getattr(command, "definition", None)
    if definition is not None:
        assert parse_machine(definition).warnings == ()


def test_there_are_shell_examples_of_every_action():
    assert {action for action, _, _ in requests()} == set(ACTIONS)


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_the_example_definitions_are_sound_and_call_functions_that_are_there(path):
    text = path.read_text(encoding="utf-8")
    assert parse_machine(text).warnings == ()
    called = re.findall(r'"Resource": "fn:examples/([^"]+)"', text)
    assert [n for n in called if not (ROOT / "examples/functions" / n / "func.py").exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_promise_about_repetition_is_worded_honestly():
    texts = {path.name: path.read_text(encoding="utf-8") for path in DOCUMENTS}
    assert [name for name, text in texts.items() if "exactly once" in text.lower()] == []
    assert "at least once and exactly one result is recorded" in texts["README.md"]
