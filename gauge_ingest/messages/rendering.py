"""Templates: a small part of Jinja2 in a sandbox, its own files before the shipped ones, and an end to every output.

A template may say names, ask about them and walk once over a list. It calls nothing, counts nothing up, reads no
attribute and takes in no other file, so that whatever is written in one can neither reach the program nor fill the
machine. What is left out is told with its line when the template is read.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gauge_ingest.core.nearest import nearest
from gauge_ingest.messages import LANGUAGES
from gauge_ingest.messages.facts import Facts

OUTPUT_MAX = 8_000  # characters that one template may say
COMPILED_MAX = 64  # templates that are kept ready
GROUP_OUTPUT_MAX = 40_000  # of several messages
KINDS = ("headline", "text", "short", "service_headline", "service_text", "service_short")
GROUP_KINDS = ("group_headline", "group_text")
FILES = tuple(f"{language}/{kind}.txt.j2" for language in LANGUAGES for kind in (*KINDS, *GROUP_KINDS))
ALERT_NAMES = (*(one.name for one in dataclasses.fields(Facts)), "headline")
GROUP_NAMES = ("count", "headline", "headlines", "texts", "drill")

FILTERS = ("lower", "trim", "upper")
_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr, nodes.For),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Filter),
)
_SHIPPED = Path(__file__).parent / "templates"
# What a template in this language can still trip over, such as a number compared with text.
FAULTS = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, MemoryError)


@dataclass(frozen=True, slots=True)
class TemplateMistake:
    """One thing to put right in a template."""

    file: str
    line: int
    what: str


class OutputTooLong(TemplateError):
    """A template said more characters than it may."""


class _NoLoader(BaseLoader):
    """There is no other file that a template could ask for."""


def environment() -> ImmutableSandboxedEnvironment:
    """Jinja2 without anything that a template does not need."""
    made = ImmutableSandboxedEnvironment(
        loader=_NoLoader(),
        undefined=StrictUndefined,
        autoescape=False,  # plain text: what a phone shows is not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        cache_size=0,
    )
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    return made


def names_for(file: str) -> tuple[str, ...]:
    """The names that a template of this file may use."""
    return GROUP_NAMES if "/group_" in file else ALERT_NAMES


def faults_in(file: str, source: str) -> list[TemplateMistake]:
    """What is wrong in a template before it has said anything."""
    try:
        tree = environment().parse(source)
    except TemplateSyntaxError as error:
        return [TemplateMistake(file, error.lineno, f"is no template: {error.message}")]
    except RecursionError:
        return [TemplateMistake(file, 1, "is nested too deeply")]
    return list(_wrong(file, tree, frozenset(names_for(file))))


@lru_cache(maxsize=COMPILED_MAX)
def compiled(source: str) -> Template:
    """A template made ready; it has no state, so that every writer may use it. Raises one of FAULTS."""
    return environment().from_string(source)


def said(template: Template, names: Mapping[str, Any], most: int = OUTPUT_MAX) -> str:
    """What a template says; raises one of FAULTS."""
    pieces, length = [], 0
    for piece in template.generate(names):
        length += len(piece)
        if length > most:
            raise OutputTooLong(f"says more than {most} characters")
        pieces.append(piece)
    return "".join(pieces)


def shipped() -> dict[str, str]:
    """The templates that come with the program, by file; OSError where the installation is not whole."""
    return {file: (_SHIPPED / file).read_text(encoding="utf-8") for file in FILES}


def _wrong(file: str, tree: nodes.Node, known: frozenset[str], *, inside: bool = False) -> Iterator[TemplateMistake]:
    for node in tree.iter_child_nodes():
        names, loops = known, inside
        if not isinstance(node, _NODES):
            yield TemplateMistake(file, node.lineno, f"{_word(node)} is not for templates of messages")
            continue
        if isinstance(node, nodes.For):
            if inside or node.recursive or not isinstance(node.target, nodes.Name):
                yield TemplateMistake(file, node.lineno, "a loop inside a loop is not for templates of messages")
                continue
            if not isinstance(node.iter, nodes.Name) or node.iter.name not in ("headlines", "texts"):
                yield TemplateMistake(file, node.lineno, "a loop goes over headlines or texts, and nothing else")
                continue
            names, loops = known | {node.target.name, "loop"}, True
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield TemplateMistake(file, node.lineno, f"no such filter: {node.name}; {nearest(node.name, FILTERS)}")
        if isinstance(node, nodes.Filter) and (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs):
            yield TemplateMistake(file, node.lineno, f"the filter {node.name} takes nothing in brackets")
        if isinstance(node, nodes.Name) and node.name not in names:
            yield TemplateMistake(file, node.lineno, f"no such name: {node.name}; {nearest(node.name, names)}")
        yield from _wrong(file, node, names, inside=loops)


def _word(node: nodes.Node) -> str:
    """What somebody who wrote the template would call it."""
    return _WORDS.get(type(node), type(node).__name__.lower())


_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.Call: "a call, name(…),",
    nodes.Getattr: "an attribute, name.other,",
    nodes.Getitem: "an element, name[…],",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter … endfilter",
    nodes.Assign: "set",
    nodes.AssignBlock: "set … endset",
    nodes.Test: "a test, is …,",
    nodes.Mul: "arithmetic",
    nodes.Pow: "arithmetic",
    nodes.Add: "arithmetic",
    nodes.Sub: "arithmetic",
    nodes.Div: "arithmetic",
    nodes.FloorDiv: "arithmetic",
    nodes.Mod: "arithmetic",
    nodes.Neg: "arithmetic",
    nodes.Pos: "arithmetic",
    nodes.List: "a list",
    nodes.Tuple: "a list",
    nodes.Dict: "a table {…}",
}
