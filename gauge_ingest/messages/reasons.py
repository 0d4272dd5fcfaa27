"""Why a warning was taken back, or something was found, as duty staff read it, in both languages."""

from gauge_ingest.core.reasons import Reason, sentence
from gauge_ingest.core.told import REVISED, RULE_GONE
from gauge_ingest.core.withdrawals import STATION_GONE, in_chinese
from gauge_ingest.core.withdrawals import merged_into as merged_into
from gauge_ingest.messages.words import clock_text, one_line

REASON_MAX = 300  # characters
FOUND_MAX = 500

_EN = {
    REVISED: "readings that came later, or were corrected, show that the rain did not reach the level",
    RULE_GONE: "the rule no longer watches this place",
    STATION_GONE: "the station is no longer in the configuration",
}


def reason_text(reason: str, language: str) -> str:
    """The first line of a reason in the language asked for; words that nobody translated stay as they are."""
    line = one_line(reason.partition("\n")[0], REASON_MAX)
    return in_chinese(line) if language == "zh" else _EN.get(line, line)


def finding_reason(cause: Reason | None, reason: str, language: str) -> str:
    """Why something was found, in the language asked for; of rows without a cause the words that the journal has.

    Only the first line: what follows may be a traceback.
    """
    told = "" if cause is None else sentence(cause, language, clock_text)
    return one_line((told or reason).partition("\n")[0], FOUND_MAX)
