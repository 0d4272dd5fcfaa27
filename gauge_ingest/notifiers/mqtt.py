"""Tells of alerts at rain/v1/alerts/<scope>/<rule>: JSON, QoS 1; the newest state of each is retained."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gauge_ingest.core.model import Alert, AlertEvent, Evidence, State
from gauge_ingest.core.spans import instant_text
from gauge_ingest.notifiers import NotifierUnavailable
from gauge_ingest.notifiers.text import named, sentence

ACKNOWLEDGED_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class AlertBroker:
    """Where alerts are published. The client id is the service's own with `-alerts` behind it."""

    host: str
    port: int
    client_id: str
    username: str = ""
    password: str = ""
    mqtt5: bool = True
    tls: bool = False
    tls_ca: str = ""


class MqttNotifier:
    """Connects at the first notice; one that is not acknowledged in time counts as not sent."""

    name = "mqtt"

    def __init__(self, broker: AlertBroker, names: Mapping[str, str]) -> None:
        """`names`: what people call each station and each basin, by its id."""
        self._broker = broker
        self._names = names
        self._client: mqtt.Client | None = None

    def send(self, event: AlertEvent, alert: Alert, *, repeated: bool) -> None:
        """Publish and wait for the broker's acknowledgement."""
        client = self._connected()
        payload = json.dumps(self._notice(event, alert, repeated=repeated), ensure_ascii=False)
        sent = client.publish(topic(event), payload, qos=1, retain=_is_state(event, alert))
        try:
            sent.wait_for_publish(ACKNOWLEDGED_WITHIN_S)
        except (RuntimeError, ValueError) as error:
            self.close()
            reason = f"{self._broker.host}:{self._broker.port}: {error}"
            raise NotifierUnavailable(reason, perhaps_told=True) from error
        if not sent.is_published():
            self.close()
            reason = f"{self._broker.host}:{self._broker.port}: not acknowledged in time"
            raise NotifierUnavailable(reason, perhaps_told=True)

    def close(self) -> None:
        """Disconnect; the next notice connects anew."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _connected(self) -> mqtt.Client:
        if self._client is not None and self._client.is_connected():
            return self._client
        self.close()
        broker = self._broker
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{broker.client_id}-alerts",
            protocol=MQTTProtocolVersion.MQTTv5 if broker.mqtt5 else MQTTProtocolVersion.MQTTv311,
        )
        if broker.username:
            client.username_pw_set(broker.username, broker.password or None)
        if broker.tls:
            client.tls_set(broker.tls_ca or None)
        try:
            client.connect(broker.host, broker.port)
        except OSError as error:
            raise NotifierUnavailable(f"{broker.host}:{broker.port}: {error}") from error
        client.loop_start()
        self._client = client
        return client

    def _notice(self, event: AlertEvent, alert: Alert, *, repeated: bool) -> dict[str, Any]:
        return {
            "alert": alert.id,
            "event": event.id,
            "rule": event.rule,
            "scope": event.scope,
            "name": self._names.get(event.scope, ""),
            "kind": event.kind.value,
            "level": event.level,
            "state": alert.state.value,
            "rained_at": instant_text(event.rained_at),
            "known_at": instant_text(event.known_at),
            "at": instant_text(event.at),
            "late": event.late,
            "unconfirmed": event.unconfirmed,
            "repeated": repeated,
            "evidence": _evidence(event.evidence),
            "reason": event.reason,
            "who": event.who,
            "text": sentence(event, alert, place=named(event.scope, self._names), repeated=repeated),
        }


def _is_state(event: AlertEvent, alert: Alert) -> bool:
    """What a person says of an alert that has ended hides none that stands."""
    return not event.who or alert.state is State.RAISED


def topic(event: AlertEvent) -> str:
    """Where an event is published."""
    return f"rain/v1/alerts/{event.scope}/{event.rule}"


def _evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    span = {name: instant_text(getattr(evidence, name)) for name in ("since", "until")}
    peak = {
        name: instant_text(getattr(evidence, name)) if evidence.peak_mm else None
        for name in ("peak_since", "peak_until")
    }
    return {**asdict(evidence), **span, **peak}
