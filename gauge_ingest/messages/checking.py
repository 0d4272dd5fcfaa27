"""Templates of the configuration held against every sample, before anybody depends on them."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.people import Person
from gauge_ingest.messages.facts import Facts
from gauge_ingest.messages.rendering import FAULTS, FILES, TemplateMistake, compiled, faults_in, said
from gauge_ingest.messages.samples import GROUP_OF, SAMPLES, WORLD
from gauge_ingest.messages.short import SINGLE_MAX, fitted
from gauge_ingest.messages.words import units
from gauge_ingest.messages.writer import HEADLINE_MAX, Writer

MISTAKES_MAX = 20  # of one file: the first tell enough


def check_templates(own: Mapping[str, str]) -> list[TemplateMistake]:
    """Every mistake in templates of one's own: names, what is not for templates, what a message must not leave out."""
    mistakes = []
    for file, source in own.items():
        if file not in FILES:
            mistakes.append(TemplateMistake(file, 0, f"there is no such template; {nearest(file, FILES)}"))
            continue
        mistakes += (faults_in(file, source) or _rendered(file, source))[:MISTAKES_MAX]
    return mistakes


def _rendered(file: str, source: str) -> list[TemplateMistake]:
    language, kind = file.removesuffix(".txt.j2").split("/")
    template = compiled(source)
    mistakes = []
    for name, names, must in _cases(language, kind):
        try:
            text = said(template, names)
        except FAULTS as error:
            mistakes.append(TemplateMistake(file, _line_of(error), f"sample {name}: {error}"))
            continue
        if not text.strip():
            mistakes.append(TemplateMistake(file, 0, f"sample {name}: says nothing"))
            continue
        missing = [what for what, value in must.items() if value and value not in text]
        if missing:
            mistakes.append(TemplateMistake(file, 0, f"sample {name}: does not say {', '.join(missing)}"))
        most = _most(kind)
        line = fitted(partial(said, template), names, most) if kind.endswith("short") else " ".join(text.split())
        if units(line) > most:
            mistakes.append(TemplateMistake(file, 0, f"sample {name}: {units(line)} characters, more than {most}"))
    return mistakes


def _cases(language: str, kind: str) -> list[tuple[str, dict[str, object], dict[str, str]]]:
    """For each sample that the template is for: its name, what may be said, what must be."""
    writer = Writer(WORLD)
    if kind.startswith("group_"):
        person = Person("sample", "sample", language, ())
        parts = [writer.written(SAMPLES[name].facts(language), language) for name in GROUP_OF]
        group = writer.group(parts, person)
        names: dict[str, object] = {
            "count": len(parts),
            "headline": parts[0].subject if kind == "group_headline" else group.subject,
            "headlines": [part.subject for part in parts],
            "texts": [part.text for part in parts],
            "drill": False,
        }
        return [("group", names, {"headline": str(names["headline"])})]
    cases: list[tuple[str, dict[str, object], dict[str, str]]] = []
    for name, sample in SAMPLES.items():
        facts = sample.facts(language)
        if facts.service == kind.startswith("service_"):
            headline = writer.written(facts, language).subject
            cases.append((name, {**asdict(facts), "headline": headline}, _must(facts, kind, headline)))
    return cases


def _must(facts: Facts, kind: str, headline: str) -> dict[str, str]:
    """What a message cannot do without, by the name that a template says it with."""
    ended = facts.kind in ("cleared", "lapsed")
    must = {"level": facts.level, "place": facts.place}
    must |= {"highest_rain_mm": facts.highest_rain_mm} if ended else {"rain_mm": facts.rain_mm}
    if facts.service:
        must = {"finding": facts.finding}
    if kind.endswith("short"):
        must["alert"] = str(facts.alert)
    if kind.endswith("text"):
        must = {"headline": headline, "alert": str(facts.alert), "action": facts.action}
        if facts.asks:
            must["link or command"] = facts.link or facts.command
        if facts.ended:
            del must["action"]
    return must


def _most(kind: str) -> int:
    if kind.endswith("headline"):
        return HEADLINE_MAX
    return SINGLE_MAX if kind.endswith("short") else 1_000_000


def _line_of(error: BaseException) -> int:
    """The line of a template in which it tripped; Jinja2 writes it into the traceback."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
