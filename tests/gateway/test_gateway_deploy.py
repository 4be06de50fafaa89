"""What a redeployment from files keeps, changes and takes away."""

import pytest

from gateway.deploy import deploy
from gateway.errors import GatewayError
from gateway.funcfile import read_folder, read_root
from gateway.registry import Registry
from gateway.tables import Tables


@pytest.fixture
def registry(tmp_path):
    return Registry(Tables(tmp_path / "registry.json"))


@pytest.fixture
def root(tmp_path, tools):
    return tools.make_root(tmp_path / "root")


def write(root, name, spec, tools):
    tools.make_function(root / "functions" / name, name, "", spec)


def only_fn(registry):
    [fn] = registry.tables.fns.values()
    return fn


def test_a_config_key_gone_from_the_file_goes_and_one_set_through_the_api_stays(
    registry, root, tools
):
    write(root, "f", "config: {A: '1', B: 2}\nannotations: {states/schedule: every 60s}\n", tools)
    deploy(registry, [read_root(root)])
    registry.update_fn(only_fn(registry).id, {"config": {"C": "3"}})
    write(root, "f", "config: {A: '9'}\n", tools)
    deploy(registry, [read_root(root)])
    assert only_fn(registry).config == {"A": "9", "C": "3"}
    assert only_fn(registry).annotations == {}


def test_a_limit_gone_from_the_file_is_the_default_again(registry, root, tools):
    write(root, "f", "timeout: 9\nmemory: 512\n", tools)
    deploy(registry, [read_root(root)])
    write(root, "f", "", tools)
    deploy(registry, [read_root(root)])
    assert (only_fn(registry).timeout, only_fn(registry).memory) == (30, 128)


def test_a_source_can_move_from_one_function_to_another(registry, root, tools):
    trigger = "triggers: [{name: t, type: http, source: /x}]\n"
    write(root, "b", trigger, tools)
    deploy(registry, [read_root(root)])
    write(root, "b", "", tools)
    write(root, "a", trigger, tools)
    deploy(registry, [read_root(root)])
    fn_id = registry.tables.fn_at("states", "/x")
    assert registry.fn(fn_id).name == "a"


def test_a_trigger_added_through_the_api_stays(registry, root, tools):
    write(root, "f", "", tools)
    deploy(registry, [read_root(root)])
    fn = only_fn(registry)
    patch = {"app_id": fn.app_id, "fn_id": fn.id, "name": "t", "type": "http", "source": "/own"}
    registry.create_trigger(patch)
    deploy(registry, [read_root(root)])
    assert registry.tables.fn_at("states", "/own") == fn.id


def test_everything_is_read_back_from_the_file(registry, root, tools, tmp_path):
    write(root, "f", "config: {A: b}\ntriggers: [{name: t, type: http, source: /x}]\n", tools)
    deploy(registry, [read_root(root)])
    again = Tables(tmp_path / "registry.json")
    assert (again.apps, again.fns, again.triggers) == (
        registry.tables.apps,
        registry.tables.fns,
        registry.tables.triggers,
    )
    assert again.fn_at("states", "/x") == only_fn(registry).id


def test_two_folders_can_go_into_one_app(registry, root, tools, tmp_path):
    write(root, "f", "", tools)
    (root / "app.yaml").write_text("name: states\nconfig: {A: a, B: a}\n")
    more = tools.make_root(tmp_path / "more", g="")
    (more / "app.yaml").write_text("config: {B: b}\n")
    for _ in range(2):
        deploy(registry, [read_root(root), read_folder("states", more)])
    assert sorted(fn.name for fn in registry.tables.fns.values()) == ["f", "g"]
    assert registry.tables.app_named("states").config == {"A": "a", "B": "b"}


def test_two_functions_of_one_name_in_one_app_are_refused(registry, root, tools):
    write(root, "f", "", tools)
    (root / "functions" / "g").mkdir()
    (root / "functions" / "g" / "func.yaml").write_text("name: f\n")
    with pytest.raises(GatewayError, match="another function is named 'f'"):
        deploy(registry, [read_root(root)])


def test_an_app_folder_is_searched_to_its_depth_without_hidden_folders(tmp_path, tools):
    tools.make_function(tmp_path / "e" / "deep" / "one", "one", "")
    tools.make_function(tmp_path / "e" / ".hidden" / "two", "two", "")
    bundle = read_folder("e", tmp_path / "e")
    assert [function.name for function in bundle.functions] == ["one"]


def test_a_function_without_a_name_has_the_name_of_its_folder(tmp_path, tools):
    folder = tools.make_function(tmp_path / "e" / "unnamed", "x", "")
    (folder / "func.yaml").write_text("schema_version: 20180708\n")
    assert read_folder("e", tmp_path / "e").functions[0].name == "unnamed"
