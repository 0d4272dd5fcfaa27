"""The yardstick: a stock paho 2.x client that does nothing but count (manual_ack off, loop_forever)."""

import sys
import time
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion


def main() -> None:
    """Count; when the number of messages reaches one of those given, print the time (CLOCK_MONOTONIC, ns)."""
    mqtt5 = sys.argv[1] == "5"
    port, *milestones = map(int, sys.argv[2:])
    counted = 0
    waited_for = milestones.pop(0)

    def on_message(_client: mqtt.Client, _userdata: Any, _message: mqtt.MQTTMessage) -> None:
        nonlocal counted, waited_for
        counted += 1
        if counted == waited_for:
            print(time.monotonic_ns(), flush=True)
            waited_for = milestones.pop(0) if milestones else 0

    def on_connect(client: mqtt.Client, *_: Any) -> None:
        client.subscribe("rain/v1/+/up", qos=1)

    def on_subscribe(*_: Any) -> None:
        print("ready", flush=True)

    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id="stock-paho",
        clean_session=None if mqtt5 else False,
        protocol=MQTTProtocolVersion.MQTTv5 if mqtt5 else MQTTProtocolVersion.MQTTv311,
        manual_ack=False,
    )
    client.on_message, client.on_connect, client.on_subscribe = on_message, on_connect, on_subscribe
    client.connect("127.0.0.1", port)
    client.loop_forever()


if __name__ == "__main__":
    main()
