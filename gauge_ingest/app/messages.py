"""The writer of messages, made from a configuration."""

from functools import partial

from gauge_ingest.configuration import Configuration
from gauge_ingest.core.people import is_unmanned
from gauge_ingest.messages.facts import COMMAND, WHO, World
from gauge_ingest.messages.writer import Writer


def world_of(configuration: Configuration) -> World:
    """What facts are looked up in."""
    return World(
        places=configuration.names,
        rules={rule.id: rule for rule in configuration.rules},
        actions=configuration.actions,
        command=f"{COMMAND}{configuration.settings.drill_options}{WHO}",
        is_unmanned=partial(is_unmanned, configuration.roster),
    )


def writer_of(configuration: Configuration) -> Writer:
    """A writer with the words, the places and the templates of a configuration."""
    return Writer(world_of(configuration), configuration.templates)
