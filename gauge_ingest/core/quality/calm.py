"""Calm readings of a station: dry, ordinary and with nothing against them, so that nobody need look at them.

Nearly all readings are calm. What a reading at the pace of a backlog needs lies in one small object, for with a
thousand stations in turn each object that is touched is fetched from far away.
"""

from gauge_ingest.core.model import SECOND_MS, Kind
from gauge_ingest.core.quality.neighbours import Dry
from gauge_ingest.core.quality.record import Presence
from gauge_ingest.core.quality.settings import QualitySettings
from gauge_ingest.core.quality.station import BEHIND_APART_MS
from gauge_ingest.core.quality.verdicts import Check, Outcome, Verdict, packed

_LONG_AGO = -(1 << 62)
_KINDS = 16  # of calm readings: the kind they were sent as, with or without temperature, with or without voltage
_NO_KIND = -1
# What a verdict gains or loses with neighbours to be compared with: FAULTY_ZERO is passed or not made.
_COMPARED_BITS = packed([(Check.FAULTY_ZERO, Outcome.PASSED)])


class Calm:
    """Up to when the readings of a station may pass unseen, and what is said of them. Of use once it was `reset`."""

    __slots__ = (
        "_alone",
        "_around_um",
        "_behind_ms",
        "_cold_c",
        "_dry",
        "_kind",
        "_known",
        "_least_v",
        "_quiet_until",
        "_verdict",
        "last_at",
        "last_until",
        "presence",
        "unsettled",
        "until",
    )

    def __init__(self, settings: QualitySettings, presence: Presence) -> None:
        self._cold_c = max(settings.frost_c, settings.melt_c)
        self._behind_ms = settings.clock_behind_s * SECOND_MS
        self._least_v = settings.battery_v_min
        self.presence = presence
        self._verdict: Verdict | None = None  # of the kind of readings that came last
        self._kind = _NO_KIND
        self._known: list[Verdict | None] = []

    def reset(self, dry: Dry) -> None:
        """Begin anew, with a dry spell of which nothing is known."""
        self._dry = dry
        self.last_until = _LONG_AGO  # when the reading before was observed
        self.last_at = _LONG_AGO  # and received
        self._alone = False  # too few neighbours are there to be compared with
        self.disturb()
        self.forget()

    def verdict(
        self, until: int, kind: Kind, received_at: int = 0, celsius: float | None = None, volts: float | None = None
    ) -> Verdict | None:
        """The verdict of a dry and ordinary reading that nothing stands against; None when it must be looked at.

        Ordinary: a steady count, by a clock that is not ahead, with the door closed.
        """
        if until > self.until and not self._still(until):
            return None
        # Both are rare together; of a backlog the first alone says so.
        if received_at - self.last_at >= BEHIND_APART_MS and received_at - until >= self._behind_ms:
            return None
        told: int = kind
        if celsius is not None or volts is not None:
            if (celsius is not None and celsius <= self._cold_c) or (volts is not None and volts < self._least_v):
                return None
            told = ordinary(kind, celsius, volts)
        if told != self._kind:
            if self._known[told] is None:
                return None
            self._verdict, self._kind = self._known[told], told
        self.last_until, self.last_at = until, received_at
        presence = self.presence
        if 0 <= until - presence.heard_until <= presence.silence_ms:
            presence.heard_until = until  # what `heard` does of nearly every reading, without the call
        elif until > presence.heard_until:
            presence.heard(until)
        return self._verdict

    def know(self, told: int, verdict: Verdict) -> None:
        """What was said of a calm reading when it was looked at is said of the next that tell as much."""
        self._known[told] = self._verdict = verdict
        self._kind = told

    def forget(self) -> None:
        """The next reading must be looked at, whatever it tells."""
        self._verdict, self._kind = None, _NO_KIND
        self._known = [None] * _KINDS

    def disturb(self) -> None:
        """Whatever comes next must be looked at."""
        self.until = self._quiet_until = _LONG_AGO
        self._around_um = 0
        self.unsettled = False

    def unsettle(self) -> None:
        """It rains here, so the next reading is wet as well: up to when all is quiet is found out when it is not."""
        self.disturb()
        self.unsettled = True

    def rest(self, until: int) -> None:
        """Find out up to when all will be quiet, from what was heard up to now."""
        self.unsettled = False
        self._around_um = self._dry.heard_um()
        self._quiet_until = self._dry.quiet_until(self._around_um)
        self._look_round(until)

    def stir(self, at: int, rain_um: int) -> None:
        """A neighbour had rain: with enough of it, readings from the lag after it on must be looked at."""
        if self.unsettled:
            return
        self._around_um += rain_um
        if self._around_um >= self._dry.doubtful_um:
            self._quiet_until = min(self._quiet_until, at + self._dry.lag_ms - 1)
            self.until = min(self.until, self._quiet_until)

    def _still(self, until: int) -> bool:
        """Whether all is quiet, and up to when that is known now."""
        if self.unsettled:
            self.rest(self.last_until)
            if until <= self.until:
                return True
        if until > self._quiet_until:
            return False
        self._look_round(until)
        return until <= self.until

    def _look_round(self, until: int) -> None:
        """Whether enough neighbours are there to be compared with, and up to when, as far as is known, it stays so."""
        known_until = self._dry.online_until(until)
        alone = known_until < until
        if alone:
            known_until = self._dry.absent_until(until)
        if alone != self._alone:
            self._alone = alone
            known = self._known
            self.forget()
            self._known = [one and one._replace(checks=one.checks ^ _COMPARED_BITS) for one in known]
        self.until = min(self._quiet_until, known_until)


def ordinary(kind: Kind, celsius: float | None, volts: float | None) -> int:
    """What a calm reading tells beside its count, as a whole number: its verdict depends on that."""
    return kind + (4 if celsius is not None else 0) + (8 if volts is not None else 0)
