"""What every sample says, as files: compared by a test, written only by `python -m tests.messages.goldens`."""

from pathlib import Path

from gauge_ingest.core.people import Person
from gauge_ingest.messages import LANGUAGES
from gauge_ingest.messages.samples import GROUP, GROUP_OF, NAMES, SAMPLES, WORLD
from gauge_ingest.messages.writer import Writer
from gauge_ingest.notifiers import Message

FOLDER = Path(__file__).parent / "golden"


def reader(language: str) -> Person:
    return Person("wang", "王建国", language, ())


def sample(name: str, language: str) -> Message:
    """A sample as a message, in the words that are shipped."""
    writer = Writer(WORLD)
    of = GROUP_OF if name == GROUP else (name,)
    message = writer.group([writer.written(SAMPLES[one].facts(language), language) for one in of], reader(language))
    assert not writer.failures
    return message


def golden(message: Message) -> str:
    """A message as its file has it."""
    return f"subject: {message.subject}\nshort: {message.short}\n\n{message.text}\n"


def path_of(name: str, language: str) -> Path:
    return FOLDER / language / f"{name}.txt"


if __name__ == "__main__":
    for language in LANGUAGES:
        for name in NAMES:
            path = path_of(name, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(golden(sample(name, language)), encoding="utf-8")
