"""The types of the native half are those that it has."""

import ast
import inspect
import pathlib

import fairc
from fairc import _fairc

STUB = ast.parse(pathlib.Path(fairc.__file__).with_name("_fairc.pyi").read_text(encoding="utf-8"))


def parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args + function.args.kwonlyargs if argument.arg != "self"]


def native_parameters(function: object) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def test_classes_and_their_methods_agree():
    stubbed = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}
    native = {name: value for name, value in vars(_fairc).items() if inspect.isclass(value)}
    assert stubbed.keys() == native.keys()
    for name, node in stubbed.items():
        methods = {child.name: child for child in node.body if isinstance(child, ast.FunctionDef)}
        fields = {child.target.id for child in node.body if isinstance(child, ast.AnnAssign)}
        own = {method for method in vars(native[name]) if not method.startswith("__")}
        assert own == (methods.keys() - {"__init__"}) | fields, name
        for method, function in methods.items():
            found = native[name] if method == "__init__" else getattr(native[name], method)
            assert parameters(function) == native_parameters(found), f"{name}.{method}"


def test_functions_agree():
    stubbed = {node.name: node for node in STUB.body if isinstance(node, ast.FunctionDef)}
    native = {name for name, value in vars(_fairc).items() if callable(value) and not inspect.isclass(value)}
    assert stubbed.keys() == native
    for name, node in stubbed.items():
        assert parameters(node) == native_parameters(getattr(_fairc, name)), name


def test_what_is_exported_is_there_and_documented():
    for name in fairc.__all__:
        assert name == "__version__" or inspect.getdoc(getattr(fairc, name)), name
