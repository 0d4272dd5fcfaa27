"""The starred rules of the style and the import table of docs/ARCHITECTURE.md, read from the source.

Goal: whoever opens one part need not think of another. Method: every module is parsed, nothing is imported. An
exception stands in a table with its reason, and one that is no longer needed fails as well.
"""

import ast
import re
import sys
import tokenize
from collections.abc import Mapping

import pytest

from tests.source import imports, modules, taken_names

LINES_MAX = {"gauge_ingest": 300, "simulator": 300, "benchmarks": 300, "tests": 400}
FUNCTION_LINES_MAX = 40
EVERYTHING = "*"

# The standard library as far as the core may use it: values and arithmetic, nothing that asks, sends, logs or waits.
# fmt: off
PURE = {
    "array", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "decimal", "difflib", "enum",
    "fractions", "functools", "heapq", "itertools", "json", "math", "operator", "re", "statistics", "string", "types",
    "typing",
}
# fmt: on

# Part -> parts of the package it may import, beside itself. A part is a folder or a module; a longer name is that
# module alone.
MAY_IMPORT: Mapping[str, set[str]] = {
    "__init__": set(),
    "__main__": {"cli"},
    "core": set(),
    "clock": {"core"},
    "codecs": {"core"},
    "journal": {"core"},
    "spool": {"core"},
    "pump": {"core", "codecs", "journal", "spool"},
    "requests": {"core", "journal", "spool", "pump"},  # what people ask for, carried out by the pump
    "inlet": {"pump.__init__", "clock"},
    "broker": {"pump.__init__", "clock"},
    "ingest": {"core", "inlet", "journal", "pump", "requests", "spool", "clock"},  # the loop of the ingest process
    "stores": {"core"},
    "notifiers": {"core"},
    "messages": {"core", "notifiers.__init__"},  # what people are told, word for word
    "outbound": {"core", "journal", "spool", "stores.__init__", "notifiers.__init__"},
    "jobs": {"core", "journal", "spool", "stores.__init__", "notifiers.__init__"},
    "history": {"core", "journal", "stores"},
    "reports": {"core", "history", "journal"},  # the day's report and the hand-over, as values, text and files
    "account": {"codecs", "core", "journal", "stores"},  # the truth of a simulated run beside the journal
    "backup": {"core", "journal"},  # copies of the journal: made, verified, put back
    "importing": {"configuration.mapping", "core", "journal"},  # history of old stations, from CSV files
    "rehearsal": {"core", "journal"},  # history again, under other rules
    "verify": {"core", "journal", "stores"},  # the copy beside the journal, point by point
    "assess": {"core"},  # the checks over anybody's records, without a journal
    # Whether the service is well: a command and the desk say it.
    "wellbeing": {"core", "clock", "jobs", "journal", "outbound.record"},
    "desk": {"core", "journal", "spool", "history", "wellbeing", "messages.findings"},
    "configuration": {"core", "messages", "stores", "notifiers"},
    "app": {EVERYTHING},
    "demo": {EVERYTHING},  # plays the whole path; nothing else imports it but the drill, for its stage
    "drill": {EVERYTHING},  # the whole path again, marked, to real people
    "commands": {EVERYTHING},
    "cli": {EVERYTHING},
}

# Modules of the simulator that touch the machine: its clock, its files' names, its network, its terminal. The others
# are the world, which knows none of it.
OF_THE_MACHINE = {"__main__", "clock", "live", "looking", "sites"}
# What the world may take of them: how an instant is written, and what a site is.
OF_THE_MACHINE_FOR_THE_WORLD = {
    ("simulator.clock", "BEIJING"),
    ("simulator.clock", "rfc3339_ms"),
    ("simulator.clock", "rfc3339_s"),
    ("simulator.sites", "Site"),
}

# (part, part it imports) -> what the names that it takes from there look like.
MAY_TAKE: Mapping[tuple[str, str], str] = {
    ("inlet", "pump"): "Delivery",
    ("broker", "pump"): "Delivery",
    ("configuration", "stores"): r"\w+Settings",
    ("configuration", "notifiers"): r"\w+Settings",
    ("configuration", "messages"): "check_templates",
    ("messages", "notifiers"): "Message",
}

# Whoever imports these does so inside a function: starting a command must not load the service.
ONLY_LAZILY = {"app", "demo"}
MAY_NOT_LOAD_THE_SERVICE = {"commands", "cli", "__main__"}

# Third-party library -> its homes in the package and in the simulator.
HOMES: Mapping[str, set[str]] = {
    "paho": {"gauge_ingest.inlet", "gauge_ingest.notifiers.mqtt", "simulator.live"},
    "influxdb_client": {"gauge_ingest.stores.influx"},
    "urllib3": {"gauge_ingest.stores.influx"},  # what influxdb_client raises
    "sqlalchemy": {"gauge_ingest.stores.sl323"},
    "yaml": {"gauge_ingest.stores.influx.template"},  # a file comes in here: the template of dashboards
    "apscheduler": {"gauge_ingest.app"},
    "jinja2": {"gauge_ingest.desk.page", "gauge_ingest.messages"},
    "amqtt": {"gauge_ingest.broker"},
    "icalendar": {"gauge_ingest.configuration.duty_calendar"},
    "recurring_ical_events": {"gauge_ingest.configuration.duty_calendar"},
    "apprise": {"gauge_ingest.notifiers.apprise"},
    "pydantic": {
        "gauge_ingest.codecs",
        "gauge_ingest.configuration",
        "gauge_ingest.desk.api",  # what strangers write into an address
        "gauge_ingest.notifiers.settings",
        "gauge_ingest.stores.influx",
        "gauge_ingest.stores.sl323.settings",
        "gauge_ingest.wellbeing.status_file",  # a file comes in here: the status that the service left
        "simulator.scenario",
    },
    "pydantic_core": {"gauge_ingest.configuration"},
    "annotated_types": {"simulator.bounds", "simulator.scenario"},
    "pyarrow": {"gauge_ingest.commands.history_files", "simulator.truth"},
    "resvg_py": {"gauge_ingest.commands.history_picture"},
    "typing_extensions": {"gauge_ingest.codecs"},
    "starlette": {"gauge_ingest.desk"},
    "uvicorn": {"gauge_ingest.desk.serving"},
    "itsdangerous": {"gauge_ingest.desk.links"},
    "prometheus_client": {"gauge_ingest.desk.metrics"},
    "typer": {"gauge_ingest.cli", "gauge_ingest.commands", "simulator.__main__"},
    "rich": {
        "gauge_ingest.commands",
        "gauge_ingest.demo",
        "simulator.__main__",
        "simulator.live.load_screen",
        "simulator.live.play",
        "simulator.live.progress",
        "simulator.looking",
    },
}

# (rule, module or module:name) -> why it may.
EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("lines", "tests.test_config"): "mistakes of the configuration, one case each",
    ("lines", "tests.edges.test_mosquitto_config"): "the shipped broker configuration, permission by permission",
}

FORBIDDEN_IN_NAMES = ("Manager", "Helper", "Util", "Handler", "Common", "Misc")
TIME_CALLS = {"time.time", "time.time_ns", "time.localtime", "time.gmtime"}
WALL_CLOCK = TIME_CALLS | {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
ASKS_OR_LOGS = {"open", "print", "input", "breakpoint", "exec", "eval", "__import__"}


USED: set[tuple[str, str]] = set()  # exceptions that were asked for in this run


def part_of(name: str) -> str:
    """The part of the package that a module belongs to."""
    return name.removeprefix("gauge_ingest.").split(".")[0]


def allows(entries: set[str], name: str) -> bool:
    """Whether a table entry covers a module of the package."""
    inner = name.removeprefix("gauge_ingest.")
    return bool(entries & {EVERYTHING, part_of(name), inner})


def excused(rule: str, what: str) -> bool:
    USED.add((rule, what))
    return (rule, what) in EXCEPTIONS


def test_each_part_imports_only_what_the_table_says() -> None:
    wrong = []

    for module in modules("gauge_ingest"):
        part = part_of(module.name)
        assert part in MAY_IMPORT, f"{module.name}: a new part needs a row in the table (here and in ARCHITECTURE.md)"
        for found in imports(module):
            if not found.name.startswith("gauge_ingest") or part_of(found.name) == part:
                continue
            if not allows(MAY_IMPORT[part], found.name) and not excused("table", f"{module.name}: {found.name}"):
                wrong.append(f"{module.name} imports {found.name}")

    assert not wrong, "\n".join(wrong)


def test_a_part_takes_from_another_only_the_names_agreed_on() -> None:
    wrong = [
        f"{module.name} takes {name} from {source}"
        for module in modules("gauge_ingest")
        for source, name in taken_names(module)
        if (pattern := MAY_TAKE.get((part_of(module.name), part_of(source)))) and not re.fullmatch(pattern, name)
    ]

    assert not wrong, "\n".join(wrong)


def test_values_of_the_core_cannot_change() -> None:
    wrong = []

    for module in modules("gauge_ingest"):
        if part_of(module.name) not in {"core", "codecs"}:
            continue
        for node in [node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]:
            made_by = " ".join(ast.unparse(one) for one in node.decorator_list)
            if "dataclass" in made_by and not ("frozen=True" in made_by and "slots=True" in made_by):
                wrong.append(f"{module.name}:{node.lineno} {node.name}")

    assert not wrong, "\n".join(wrong)


def test_the_core_asks_sends_logs_and_waits_for_nothing() -> None:
    wrong = []

    for module in modules("gauge_ingest"):
        if part_of(module.name) != "core":
            continue
        names = {found.name for found in imports(module)} - PURE
        wrong += [f"{module.name} imports {name}" for name in names if not name.startswith("gauge_ingest.core")]
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ASKS_OR_LOGS:
                wrong.append(f"{module.name}:{node.lineno} calls {ast.unparse(node.func)}")

    assert not wrong, "\n".join(wrong)


def test_a_third_party_library_has_its_home() -> None:
    wrong = []

    for module in modules("gauge_ingest", "simulator"):
        for library in sorted({found.name.partition(".")[0] for found in imports(module)}):
            if library in sys.stdlib_module_names or library in {"gauge_ingest", "simulator"}:
                continue
            homes = HOMES.get(library, set())
            at_home = any(f"{module.name}.".startswith(f"{home}.") for home in homes)
            if not at_home and not excused("home", f"{module.name}: {library}"):
                wrong.append(f"{module.name} imports {library}, at home in {sorted(homes) or 'nowhere yet'}")

    assert not wrong, "\n".join(wrong)


def test_a_command_starts_without_loading_the_service() -> None:
    wrong = [
        f"{module.name} imports {found.name} when it is loaded"
        for module in modules("gauge_ingest")
        if part_of(module.name) in MAY_NOT_LOAD_THE_SERVICE
        for found in imports(module)
        if found.name.startswith("gauge_ingest.") and part_of(found.name) in ONLY_LAZILY and not found.lazily
    ]

    assert not wrong, "\n".join(wrong)


def test_the_simulator_and_the_service_do_not_know_each_other() -> None:
    wrong = [
        f"{module.name} imports {found.name}"
        for module in modules("gauge_ingest", "simulator")
        for found in imports(module)
        if found.name.partition(".")[0] in {"gauge_ingest", "simulator"} - {module.name.partition(".")[0]}
    ]

    assert not wrong, "\n".join(wrong)


def test_the_simulated_world_knows_no_network_and_no_clock_of_the_machine() -> None:
    wrong = [
        f"{module.name} takes {name} from {source}"
        for module in modules("simulator")
        if module.name.split(".")[1] not in OF_THE_MACHINE
        for source, name in taken_names(module)
        if source.split(".")[:1] == ["simulator"] and source.split(".")[1:2] and source.split(".")[1] in OF_THE_MACHINE
        if (source, name) not in OF_THE_MACHINE_FOR_THE_WORLD
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("top", LINES_MAX)
def test_a_module_fits_in_one_head(top: str) -> None:
    wrong = []

    for module in modules(top):
        lines = len(module.path.read_text(encoding="utf-8").splitlines())
        if lines > LINES_MAX[top] and not excused("lines", module.name):
            wrong.append(f"{module.name} has {lines} lines, more than {LINES_MAX[top]}")

    assert not wrong, "\n".join(wrong)


def test_a_function_fits_in_one_look() -> None:
    wrong = []

    for module in modules("gauge_ingest", "simulator"):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.end_lineno is None:
                continue
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX and not excused("function lines", f"{module.name}:{node.name}"):
                wrong.append(f"{module.name}:{node.lineno} {node.name} has {lines} lines")

    assert not wrong, "\n".join(wrong)


def test_a_module_says_its_role_in_its_first_line() -> None:
    wrong = []

    for module in modules("gauge_ingest", "simulator", "benchmarks", "tests"):
        if module.name.endswith("__init__") and not module.tree.body:
            continue
        first = (ast.get_docstring(module.tree) or "").partition("\n")[0]
        if len(first) < 15 or first[-1] not in ".:;?":
            wrong.append(f"{module.name}: {first!r}")

    assert not wrong, "\n".join(wrong)


def test_nothing_is_called_manager_or_helper() -> None:
    wrong = []

    for module in modules("gauge_ingest", "simulator", "benchmarks"):
        names = [(0, part) for part in module.name.split(".")]
        definitions = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        names += [(node.lineno, node.name) for node in ast.walk(module.tree) if isinstance(node, definitions)]
        for line, name in names:
            camel = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
            bad = [part for part in FORBIDDEN_IN_NAMES if re.search(rf"{part}(?![a-z])|{part}s?$", camel)]
            if bad or re.match(r"Base(?![a-z])", camel):
                wrong.append(f"{module.name}:{line} {name}")

    assert not wrong, "\n".join(wrong)


def test_only_the_guard_catches_any_error() -> None:
    wrong = []

    for module in modules("gauge_ingest", "simulator"):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ExceptHandler) or module.name == "gauge_ingest.pump.guard":
                continue
            caught = ast.unparse(node.type) if node.type is not None else ""
            broad = not caught or re.search(r"\b(Exception|BaseException)\b", caught) is not None
            passes_on = any(isinstance(one, ast.Raise) and one.exc is None for one in node.body)
            if broad and not passes_on:
                wrong.append(f"{module.name}:{node.lineno} except {caught}")

    assert not wrong, "\n".join(wrong)


def test_only_the_clock_asks_what_time_it_is() -> None:
    wrong = []

    for module in modules("gauge_ingest", "simulator"):
        if module.name in {"gauge_ingest.clock", "simulator.clock"}:
            continue
        for call in (node for node in ast.walk(module.tree) if isinstance(node, ast.Call)):
            asked = ".".join(ast.unparse(call.func).rsplit(".", 2)[-2:])
            if asked in WALL_CLOCK and not excused("wall clock", module.name):
                wrong.append(f"{module.name}:{call.lineno} {asked}()")
        names = {f"{source}.{name}" for source, name in taken_names(module)}
        wrong += [f"{module.name} takes {name} by its last name" for name in names & WALL_CLOCK]

    assert not wrong, "\n".join(wrong)


def test_a_silenced_check_says_which_one() -> None:
    wrong = []

    for module in modules("gauge_ingest", "simulator", "benchmarks", "tests"):
        with module.path.open("rb") as source:
            comments = [token for token in tokenize.tokenize(source.readline) if token.type == tokenize.COMMENT]
        for comment in comments:
            for silenced, code in re.findall(r"#\s*(type: ignore|noqa)\b(\[[a-z-]+|: ?[A-Z]+[0-9]+)?", comment.string):
                if not code:
                    wrong.append(f"{module.name}:{comment.start[0]} {silenced} without a code")

    assert not wrong, "\n".join(wrong)


def test_importing_a_module_does_nothing() -> None:
    wrong = []

    for module in modules("gauge_ingest", "simulator"):
        if module.name.endswith("__main__"):
            continue
        for node in module.tree.body:
            does = isinstance(node, ast.For | ast.While | ast.With | ast.Try) or (
                isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            )
            if does and not excused("import does", module.name):
                wrong.append(f"{module.name}:{node.lineno} {ast.unparse(node).splitlines()[0]}")

    assert not wrong, "\n".join(wrong)


def test_no_exception_outlives_its_need(request: pytest.FixtureRequest) -> None:
    ran = {item.function for item in request.session.items if isinstance(item, pytest.Function)}
    if not {value for name, value in globals().items() if name.startswith("test_")} <= ran:
        pytest.skip("only some of the tests of this module run")

    assert not EXCEPTIONS.keys() - USED
