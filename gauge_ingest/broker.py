"""A broker for a machine without one: amqtt in this process, on loopback, for demonstrations only.

It speaks MQTT 3.1.1 and keeps no promise of ours: what it holds is gone with it. Real work needs mosquitto.
"""

import argparse
import asyncio
import logging
import signal
from collections.abc import Sequence

from amqtt.broker import Broker


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m gauge_ingest.broker", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args(arguments).port
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_serve(port))
    return 0


async def _serve(port: int) -> None:
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 100}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await broker.start()
    await stopped.wait()
    await broker.shutdown()


if __name__ == "__main__":
    raise SystemExit(main())
