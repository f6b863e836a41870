"""Load on a path by wrk, and what it found."""

import re
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measures import Stopwatch
from servers import KEY, Running, wait_until_projected

from application.ports.store import Store

CONNECTIONS = 32
WHOLE = """
wrk.headers["Authorization"] = "key {key}"
wrk.headers["Content-Type"] = "application/json"
wrk.method, wrk.body = "{method}", '{body}'
"""
EACH = """
local ids, next = {{}}, -1  -- wrk makes a first request that it does not send
for line in io.lines("{ids}") do ids[#ids + 1] = line end
function request()
  next = next % #ids + 1
  return wrk.format(nil, "{path}/" .. ids[next])
end
"""
IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, kw_only=True)
class Found:
    """What wrk found: requests a second and in all, times in milliseconds, and refusals."""

    rate: float
    requests: int
    p50: float
    p99: float
    refused: int


@dataclass(frozen=True, kw_only=True)
class Figures(Found):
    """The same, with microseconds of processor time for each request."""

    spent: float


def median_of(figures: Sequence[Figures]) -> Figures:
    """The median of each figure; refusals are added up."""
    return Figures(
        rate=statistics.median(each.rate for each in figures),
        requests=sum(each.requests for each in figures),
        p50=statistics.median(each.p50 for each in figures),
        p99=statistics.median(each.p99 for each in figures),
        refused=sum(each.refused for each in figures),
        spent=statistics.median(each.spent for each in figures),
    )


def wrk(
    folder: str,
    port: int,
    path: str,
    method: str = "GET",
    body: str = "",
    ids: Sequence[str] = (),
    seconds: int = 4,
) -> Found:
    """Send the same request again and again; with `ids`, to each of them below the path."""
    script = Path(folder) / "load.lua"
    text = WHOLE.format(key=KEY, method=method, body=body)
    if ids:
        listed = Path(folder) / "ids"
        listed.write_text("\n".join(ids))
        text += EACH.format(ids=listed, path=path)
    script.write_text(text)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True
    ).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    return Found(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", output)),
        requests=int(_found(r"(\d+) requests in", output)),
        p50=in_ms(_found(r"^ +50%\s+(\S+)", output)),
        p99=in_ms(_found(r"^ +99%\s+(\S+)", output)),
        refused=int(refused[1]) if refused else 0,
    )


def figures_of(
    running: Running,
    store: Store,
    folder: str,
    path: str,
    method: str = "GET",
    body: str = "",
    ids: Sequence[str] = (),
    seconds: int = 4,
) -> Figures:
    """The same with processor time, until the read models have what was recorded."""
    watch = Stopwatch(running.processes)
    found = wrk(folder, running.port, path, method, body, ids, seconds)
    wait_until_projected(store)
    return Figures(spent=watch.microseconds(found.requests), **vars(found))


def _found(pattern: str, output: str) -> str:
    found = re.search(pattern, output, re.MULTILINE)
    assert found, output
    return found[1]


def in_ms(text: str) -> float:
    """A time as wrk writes it."""
    parts = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    assert parts, text
    return float(parts[1]) * IN_MS[parts[2]]
