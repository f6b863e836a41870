"""How many requests a second each path answers, beside a route that does nothing.

    PYTHONPATH=.:tests/support python tests/benchmarks/http_paths.py [--postgres | --database URL]
        [--workers N] [--rounds N]

Needs wrk. It measures on an SQLite file, on a PostgreSQL server of its own (--postgres), or on an
empty database.
Each round measures every path and the no-op route in turn; the figures are medians over rounds,
and the ratios are to the no-op route of the same round.
"""

import argparse
import contextlib
import json
import re
import statistics
import subprocess
import tempfile
from http.client import HTTPConnection
from pathlib import Path

from postgres_server import postgres_server
from servers import EVENT, KEY, SET, noop, put_on_sale, service

CONNECTIONS = 32
WHOLE = """
wrk.headers["Authorization"] = "key {key}"
wrk.headers["Content-Type"] = "application/json"
wrk.method, wrk.body = "{method}", '{body}'
"""
EACH = """
local ids, next = {{}}, 0
for line in io.lines("{ids}") do ids[#ids + 1] = line end
function request()
  next = next % #ids + 1
  return wrk.format(nil, "/v1/resources/orders/" .. ids[next])
end
"""
ORDERS = "/v1/resources/orders"
CREATE = json.dumps({"event": EVENT, "random": {SET: 1}})
PAY = json.dumps({"payment": {"system": "api/BASE"}})
START = json.dumps({"status": "in_progress"})


def wrk(folder, port, path, method, body="", ids=None, seconds=4):
    """Requests a second, p50 and p99 in milliseconds, and how many were refused."""
    script = Path(folder) / "load.lua"
    text = WHOLE.format(key=KEY, method=method, body=body)
    if ids:
        listed = Path(folder) / "ids"
        listed.write_text("\n".join(ids))
        text += EACH.format(ids=listed)
    script.write_text(text)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True
    ).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return {
        "rate": rate,
        "p50": in_ms(re.search(r"^ +50%\s+(\S+)", said, re.MULTILINE)[1]),
        "p99": in_ms(re.search(r"^ +99%\s+(\S+)", said, re.MULTILINE)[1]),
        "refused": int(refused[1]) if refused else 0,
    }


def in_ms(text):
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def fresh_orders(port, count):
    """The ids of `count` orders made now, over a few connections."""
    ids = []
    connection = HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"key {KEY}", "Content-Type": "application/json"}
    for _ in range(count):
        connection.request("POST", ORDERS, CREATE, headers)
        ids.append(json.loads(connection.getresponse().read())["id"])
    return ids


def newest_orders(port, count):
    """The ids of orders made lately, from the list."""
    connection = HTTPConnection("127.0.0.1", port)
    ids, address = [], f"{ORDERS}?page_size=200"
    while address and len(ids) < count:
        connection.request("GET", address, headers={"Authorization": f"key {KEY}"})
        answer = connection.getresponse()
        ids += [each["id"] for each in json.loads(answer.read())]
        link = re.match(r"<([^>]+)>", answer.getheader("Link") or "")
        address = link and link[1]
    return ids


def one_round(folder, port, noop_port, seconds):
    """Every path once. Orders that were made are then paid for, each once."""
    figures = {"no-op": wrk(folder, noop_port, "/noop", "POST", CREATE, seconds=seconds)}
    figures["create"] = wrk(folder, port, ORDERS, "POST", CREATE, seconds=seconds)
    made = newest_orders(port, int(figures["create"]["rate"] * seconds * 0.9))
    few = max(1, seconds // 2)  # so that no order is changed twice
    figures["patch payment"] = wrk(folder, port, ORDERS, "PATCH", PAY, made, few)
    paid = made[: int(figures["patch payment"]["rate"] * few * 0.95)]
    figures["patch status"] = wrk(folder, port, ORDERS, "PATCH", START, paid, few)
    four = fresh_orders(port, 5)
    figures["get"] = wrk(folder, port, ORDERS, "GET", ids=made[:1000] or four, seconds=seconds)
    figures["list of 50"] = wrk(folder, port, ORDERS, "GET", seconds=seconds)
    return figures


def report(rounds):
    print(f"{'path':<14} {'a second':>9} {'ratio':>6} {'p50 ms':>7} {'p99 ms':>7} {'refused':>8}")
    for path in rounds[0]:
        each = [figures[path] for figures in rounds]
        ratios = [figures[path]["rate"] / figures["no-op"]["rate"] for figures in rounds]
        row = {name: statistics.median(one[name] for one in each) for name in each[0]}
        print(
            f"{path:<14} {row['rate']:>9.0f} {statistics.median(ratios):>6.2f}"
            f" {row['p50']:>7.1f} {row['p99']:>7.1f} {sum(one['refused'] for one in each):>8}"
        )


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--database")
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=4)
    arguments.add_argument("--tickets", type=int, default=500_000)
    given = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = given.database or f"sqlite:///{folder}/bench.db"
        if given.postgres:
            server = stack.enter_context(postgres_server())
            database = stack.enter_context(server.database())
        put_on_sale(database, given.tickets)
        port = stack.enter_context(service(database, given.workers)).port
        noop_port = stack.enter_context(noop(given.workers))
        rounds = []
        for _ in range(given.rounds):
            rounds.append(one_round(folder, port, noop_port, given.seconds))
            report(rounds[-1:])
        print(f"\nmedians of {given.rounds}, {given.workers} worker(s), on {database}")
        report(rounds)


if __name__ == "__main__":
    main()
