"""Looking at scenarios without a broker: what falls, what is counted, what goes wrong when, as picture and table."""

from simulator.looking.commands import list_scenarios, show_truth, write_truth

__all__ = ["list_scenarios", "show_truth", "write_truth"]
