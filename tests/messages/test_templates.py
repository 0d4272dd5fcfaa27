"""Templates of one's own: what they may say, what they are refused; none can reach into, or fill, the machine."""

import time

import pytest

from gauge_ingest.messages.checking import check_templates
from gauge_ingest.messages.rendering import (
    FAULTS,
    FILES,
    OUTPUT_MAX,
    OutputTooLong,
    compiled,
    environment,
    faults_in,
    said,
    shipped,
)

TEXT = "zh/text.txt.j2"


def test_every_shipped_template_is_there_and_in_order() -> None:
    assert set(shipped()) == set(FILES)
    assert check_templates(shipped()) == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("{{ place.__class__ }}", "an attribute"),
        ("{{ place['__class__'] }}", "an element"),
        ("{{ ''.__class__.__mro__ }}", "an attribute"),
        ("{% for a in range(1000000000) %}x{% endfor %}", "a loop goes over headlines or texts"),
        ("{% for a in place %}x{% endfor %}", "a loop goes over headlines or texts"),
        ("{{ 'x' * 1000000000 }}", "arithmetic"),
        ("{{ 9 ** 9 ** 9 }}", "arithmetic"),
        ("{{ '%1000000000d' % 1 }}", "arithmetic"),
        ("{{ '{:>1000000000}'.format(1) }}", "a call"),
        ("{{ place|center(1000000000) }}", "no such filter: center"),
        ("{{ place|trim('x') }}", "takes nothing in brackets"),
        ("{{ place|uper }}", "did you mean upper?"),
        ("{% include '../../../etc/passwd' %}", "include"),
        ("{% include 'zh/headline.txt.j2' %}", "include"),
        ("{% extends 'x' %}", "extends"),
        ("{% import 'x' as y %}", "import"),
        ("{% from 'x' import y %}", "from … import"),
        ("{% macro m() %}{{ m() }}{% endmacro %}", "macro"),
        ("{% set a = place ~ place %}", "set"),
        ("{{ [1, 2] }}", "a list"),
        ("{{ {'a': 1} }}", "a table"),
        ("{{ lipsum }}", "no such name: lipsum"),
        ("{{ self }}", "no such name: self"),
        ("{% if place is defined %}{% endif %}", "a test"),
        ("{{ plase }}", "did you mean place?"),
        ("{% if place %}", "is no template"),
    ],
)
def test_what_a_template_may_not_say_is_told_with_its_line(source: str, what: str) -> None:
    (mistake, *_) = check_templates({TEXT: f"{{{{ headline }}}}\n{source}\n"})

    assert what in mistake.what
    assert (mistake.file, mistake.line) in ((TEXT, 2), (TEXT, 3))  # an open block is missed at the end


def test_what_is_refused_before_would_be_stopped_by_the_sandbox_as_well() -> None:
    for source in ("{{ ''.__class__.__mro__ }}", "{% include '/etc/passwd' %}", "{{ range(10) }}", "{{ lipsum() }}"):
        with pytest.raises(FAULTS):
            said(environment().from_string(source), {})


def test_a_loop_stands_in_no_other_loop() -> None:
    inner = "{% for a in headlines %}{% for b in headlines %}{{ b }}{% endfor %}{% endfor %}"

    assert "a loop inside a loop" in faults_in("zh/group_text.txt.j2", inner)[0].what
    assert faults_in("zh/group_text.txt.j2", "{% for a in headlines %}{{ a }}{% endfor %}") == []


def test_output_ends_where_it_is_too_much() -> None:
    template = compiled("{% for a in headlines %}{{ a }}{% endfor %}")
    begun = time.monotonic()

    with pytest.raises(OutputTooLong):
        said(template, {"headlines": ["x" * 1_000] * 1_000_000}, OUTPUT_MAX)

    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("file", "source", "what"),
    [
        (TEXT, "{{ headline }}", "does not say alert, action, link or command"),
        (TEXT, "{{ action }} {{ link }} {{ command }} {{ alert }}", "does not say headline"),
        ("zh/headline.txt.j2", "{{ place }} {{ rain_mm }} {{ highest_rain_mm }}", "does not say level"),
        ("zh/headline.txt.j2", "{{ level }} {{ rain_mm }} {{ highest_rain_mm }}", "does not say place"),
        ("en/short.txt.j2", "{{ level }} {{ place }} {{ alert }}", "does not say rain_mm"),
        (
            "en/short.txt.j2",
            "{{ level }} {{ place }} {{ rain_mm }} {{ highest_rain_mm }} {{ alert }} " + "x" * 70,
            "more",
        ),
        ("en/service_headline.txt.j2", "{{ level }}", "does not say finding"),
        ("zh/group_text.txt.j2", "{% for a in headlines %}{{ a }}{% endfor %}", "does not say headline"),
        ("zh/headline.txt.j2", "{{ level }} {{ place }} {% if grade < place %}{% endif %}", "sample raised: '<' not"),
        ("zh/texte.txt.j2", "", "did you mean zh/text.txt.j2?"),
    ],
)
def test_a_template_that_leaves_out_what_a_message_needs_is_refused(file: str, source: str, what: str) -> None:
    mistakes = check_templates({file: source})

    assert mistakes
    assert what in mistakes[0].what
    assert mistakes[0].file == file


def test_a_mistake_at_run_time_is_told_with_its_line() -> None:
    source = "{{ headline }}\n{{ alert }}\n{% if grade < place %}{% endif %}"

    assert {mistake.line for mistake in check_templates({TEXT: source})} == {3}
