"""A script as people write it: polls channel balances with httpx and publishes them with prometheus_client.

For `scripts/peers`. The first argument is a JSON file: where to ask, how often, and about which gateways.
"""

import asyncio
import json
import sys
import time

import httpx
from prometheus_client import Gauge, start_http_server

BALANCE = Gauge("available_balance", "Available balance in major units", ["shop", "gateway", "channel", "currency"])
ACTIVE = Gauge("payout_control_active", "Whether payout control is on", ["shop", "gateway", "channel", "currency"])
UP = Gauge("up_query", "Whether the last poll succeeded", ["shop", "gateway"])
LAST_SUCCESS = Gauge("last_success_timestamp_seconds", "When a poll last succeeded", ["shop", "gateway"])


async def poll(client, limit, url, query):
    shop, key, gateway = query["shop"], query["key"], str(query["gateway"])
    try:
        async with limit:
            response = await client.get(
                f"{url}/shop/channel_balances/",
                params={"gateway_id": gateway, "currency": "USD"},
                auth=(shop, key),
            )
        response.raise_for_status()
        for row in response.json()["channel_balances"]["currencies"]:
            labels = (shop, gateway, str(row["channel_id"]), row["currency"])
            BALANCE.labels(*labels).set(row["available_balance"] / 100)
            ACTIVE.labels(*labels).set(1 if row["active"] else 0)
        UP.labels(shop, gateway).set(1)
        LAST_SUCCESS.labels(shop, gateway).set(time.time())
    except (httpx.HTTPError, KeyError, ValueError) as error:
        print(f"{shop}/{gateway}: {error!r}", file=sys.stderr)
        UP.labels(shop, gateway).set(0)


async def main(config):
    start_http_server(config["port"], addr="127.0.0.1")
    limit = asyncio.Semaphore(32)
    async with httpx.AsyncClient(timeout=25) as client:
        while True:
            began = time.monotonic()
            await asyncio.gather(*(poll(client, limit, config["url"], query) for query in config["queries"]))
            await asyncio.sleep(max(0, config["interval"] - (time.monotonic() - began)))


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        asyncio.run(main(json.load(file)))
