"""What the stubs promise is what the module has, argument by argument, and all of it is documented."""

import ast
import importlib.resources
import inspect

import cim


def stub():
    # Beside the module in the wheel.
    folder = importlib.resources.files("cim")
    assert (folder / "py.typed").is_file()
    return ast.parse((folder / "__init__.pyi").read_text(encoding="utf-8"))


def public(body):
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: node for node in body if isinstance(node, kinds)}


def arguments(node):
    """Positional names, names by keyword only, and which of these have a default."""
    own = [name.arg for name in node.args.args if name.arg not in ("self", "cls")]
    named = [name.arg for name in node.args.kwonlyargs]
    optional = set(own[len(own) - len(node.args.defaults):] if node.args.defaults else [])
    optional |= {name for name, value in zip(named, node.args.kw_defaults) if value is not None}
    return own, named, optional


def of_module(function):
    found = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    own = [p.name for p in found if p.kind != p.KEYWORD_ONLY]
    named = [p.name for p in found if p.kind == p.KEYWORD_ONLY]
    return own, named, {p.name for p in found if p.default is not p.empty}


#: For checkers only.
TYPES = {"Layer"}


def test_stubs_and_module_have_the_same_names():
    there = {name for name in vars(cim) if not name.startswith("_")} - {"cim"}
    assert set(public(stub().body)) - TYPES == there


def test_stubs_and_module_take_the_same_arguments_and_say_what_they_are():
    for name, node in public(stub().body).items():
        if name in TYPES:
            continue
        item = getattr(cim, name)
        assert inspect.getdoc(item), name
        if isinstance(node, ast.FunctionDef):
            assert of_module(item) == arguments(node), name
            continue
        if issubclass(item, Exception):
            continue
        members = public(node.body)
        there = {member for member in vars(item) if not member.startswith("_")}
        assert {member for member in members if not member.startswith("_")} == there, name
        for member, own in members.items():
            place = f"{name}.{member}"
            if member == "__new__":
                assert of_module(item) == arguments(own), place
                continue
            found = getattr(item, member)
            assert inspect.getdoc(found), place
            # Of methods such as __call__ an interpreter knows no arguments.
            if callable(found) and not member.startswith("_"):
                assert of_module(found) == arguments(own), place
