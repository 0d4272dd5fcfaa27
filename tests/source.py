"""The source of the project as data: every module parsed, what it imports, and which names it takes."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Module(NamedTuple):
    """A source file, parsed."""

    name: str
    path: Path
    tree: ast.Module


class Import(NamedTuple):
    """A module that is imported, and whether that happens inside a function."""

    name: str
    lazily: bool


def modules(*tops: str) -> Iterator[Module]:
    for top in tops:
        yield from _parsed(top)


@cache
def _parsed(top: str) -> list[Module]:
    paths = sorted((ROOT / top).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return [Module(name, path, ast.parse(path.read_text("utf-8"))) for name, path in zip(names, paths, strict=True)]


def imports(module: Module) -> set[Import]:
    """Every module named by an import statement, at any depth; `from package import module` names the module."""
    found: set[Import] = set()

    def visit(node: ast.AST, *, lazily: bool) -> None:
        for child in ast.iter_child_nodes(node):
            inside = lazily or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.Import):
                found.update(Import(alias.name, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{module.name}:{child.lineno} imports relatively: write the whole name"
                assert child.module is not None
                found.update(Import(_source(child.module, alias.name), inside) for alias in child.names)
            elif isinstance(child, ast.Call) and ast.unparse(child.func) in {
                "import_module",
                "importlib.import_module",
            }:
                names = [one.value for one in child.args if isinstance(one, ast.Constant)]
                found.update(Import(str(name), inside) for name in names)
            visit(child, lazily=inside)

    visit(module.tree, lazily=False)
    return found


def _source(package: str, name: str) -> str:
    """What `from package import name` reads: a module of that name, else the package itself."""
    folder = ROOT.joinpath(*package.split("."))
    if (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists():
        return f"{package}.{name}"
    return f"{package}.__init__" if (folder / "__init__.py").exists() else package


def taken_names(module: Module) -> Iterator[tuple[str, str]]:
    """Module and name of everything that `from module import name` takes."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node.module, alias.name) for alias in node.names)
