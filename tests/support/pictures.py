"""Pictures of the documents, drawn from the code: python tests/support/pictures.py

They are SVG files, which a page shows without a script; they follow the reader's light or dark.
"""

import sys
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
sys.path.insert(0, str(Path(__file__).parent))

from source import ROOT
from test_folder_graph import everything, graph_of

from domain.status import LET_GO, MOVES, SYSTEM_ONLY, Status

IMAGES = ROOT / "docs" / "images"
STYLE = """\
<style>
.page { fill: #fff }
text { font: 14px system-ui, sans-serif; fill: #21242e }
.small { font-size: 12px }
.box { fill: #eef1fb; stroke: #3a5bc7; stroke-width: 1.5 }
.end { fill: #e3f4e8; stroke: #2b8a4b }
.way { fill: none; stroke: #5b6275; stroke-width: 1.3; marker-end: url(#tip) }
.late, .back { stroke-dasharray: 5 4 }
.life { stroke: #9aa1b5 }
.tip { fill: #5b6275 }
@media (prefers-color-scheme: dark) {
  .page { fill: #1f2230 } text { fill: #e4e6ee }
  .box { fill: #232a45; stroke: #8ea2ec } .end { fill: #1d3a29; stroke: #6fc98d }
  .way { stroke: #a7aec4 } .tip { fill: #a7aec4 } .life { stroke: #5b6275 }
}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" \
orient="auto-start-reverse"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>
"""


def svg(width: int, height: int, title: str, parts: list[str]) -> str:
    """A picture with its name, for those who do not see it."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img">\n<title>{escape(title)}</title>\n'
    )
    parts = [f'<rect class="page" width="{width}" height="{height}"/>', *parts]
    return head + STYLE + "\n".join(parts) + "\n</svg>\n"


def text(x: float, y: float, said: str, kind: str = "", anchor: str = "middle") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(said)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str = "") -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="7"'
        f' class="box {kind}"/>'
    )


def way(path: str, kind: str = "") -> str:
    return f'<path class="way {kind}" d="{path}"/>'


PLACES = {
    Status.EXECUTED: (40, 130),
    Status.IN_PROGRESS: (290, 130),
    Status.DONE: (560, 130),
    Status.CANCELED: (290, 30),
    Status.EXPIRED: (290, 230),
}
WIDE, HIGH = 130, 44


def life_cycle() -> str:
    """The table of moves; each arrow is one of its entries."""
    assert PLACES.keys() == set(Status)
    parts = [way("M8 152H40")]
    for status, (x, y) in PLACES.items():
        parts += [
            box(x, y, WIDE, HIGH, "" if MOVES[status] else "end"),
            text(x + WIDE / 2, y + 27, status.value),
        ]
        parts += [move(status, then) for then in Status if then in MOVES[status]]
        if status in LET_GO:
            parts += late(status)
    parts.append(text(195, 270, "the hold ends", "small"))
    return svg(720, 310, "What an order can go through", parts)


def move(status: Status, then: Status) -> str:
    (x, y), (to_x, to_y) = PLACES[status], PLACES[then]
    kind = "late" if then in SYSTEM_ONLY else ""
    if y == to_y:
        return way(f"M{x + WIDE} {y + HIGH / 2:g}H{to_x}", kind)
    if x == to_x:
        start, end = (y + HIGH, to_y) if to_y > y else (y, to_y + HIGH)
        return way(f"M{x + WIDE / 2:g} {start}V{end}", kind)
    start = y + HIGH if to_y > y else y
    return way(f"M{x + WIDE / 2:g} {start}V{to_y + HIGH / 2:g}H{to_x}", kind)


def late(status: Status) -> list[str]:
    """The way of money that came after the order had ended."""
    (x, y), (to_x, to_y) = PLACES[status], PLACES[Status.DONE]
    middle, above = y + HIGH / 2, y < to_y
    end = to_y if above else to_y + HIGH
    said = text((x + WIDE + to_x) / 2 + 30, middle - 8, "late money", "small")
    return [way(f"M{x + WIDE} {middle:g}H{to_x + WIDE / 2:g}V{end}", "back"), said]


COLUMN, ROW = 196, 62


def folder_graph() -> str:
    """The folders by layers: each imports only folders that stand below it, and of them those
    that no other of its imports leads to.
    """
    graph = graph_of(everything())
    layers = layers_of(graph)
    widest = max(map(len, layers))
    spots = {
        folder: (20 + COLUMN * (place + (widest - len(layer)) / 2), 20 + ROW * (height + 1) * 1.0)
        for height, layer in enumerate(reversed(layers))
        for place, folder in enumerate(layer)
    }
    parts = []
    for folder, (x, y) in spots.items():
        for other in sorted(direct(folder, graph)):
            to_x, to_y = spots[other]
            parts.append(
                way(
                    f"M{x + 88:g} {y + 30:g}C{x + 88:g} {y + 52:g} {to_x + 88:g} {to_y - 22:g}"
                    f" {to_x + 88:g} {to_y:g}"
                )
            )
    for folder, (x, y) in spots.items():
        name = folder.removesuffix(".py").replace("application/", "").replace("interface/", "")
        kind = "end" if folder.startswith(("application", "domain")) else ""
        parts += [box(x, y, 176, 30, kind), text(x + 88, y + 20, name, "small")]
    parts.insert(
        0, text(20, 30, "interface/ in blue, application/ and domain in green", "small", "start")
    )
    return svg(
        20 + COLUMN * widest, 20 + ROW * (len(layers) + 1), "Which folder imports which", parts
    )


def layers_of(graph: dict[str, set[str]]) -> list[list[str]]:
    """The folders that import something or are imported, by the longest way to the bottom."""
    heights: dict[str, int] = {}

    def height(folder: str) -> int:
        if folder not in heights:
            heights[folder] = 1 + max(map(height, graph.get(folder, ())), default=-1)
        return heights[folder]

    used = {folder for folder, others in graph.items() if others} | set().union(*graph.values())
    for folder in used:
        height(folder)
    return [
        sorted(each for each in used if heights[each] == level)
        for level in range(max(heights.values()) + 1)
    ]


def direct(folder: str, graph: dict[str, set[str]]) -> set[str]:
    """What a folder imports, but for what follows from its other imports."""
    return {
        each
        for each in graph.get(folder, ())
        if not any(each in reached(other, graph) for other in graph[folder] - {each})
    }


def reached(folder: str, graph: dict[str, set[str]]) -> set[str]:
    found, todo = set(), [folder]
    while todo:
        new = graph.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


STATIONS = (
    "ticket shop",
    "interface/server",
    "interface/http",
    "application/orders",
    "storage/shared",
    "domain",
    "the log",
)
STEPS = (
    (0, 1, "POST /v1/resources/orders"),
    (1, 2, "head, body, who calls"),
    (2, 3, "create(show, command)"),
    (3, 4, "a unit of work"),
    (4, 6, "load the read sets of all that wait"),
    (4, 5, "decide"),
    (4, 6, "append events, move tickets, one durable commit"),
    (4, 3, "the order, its position"),
    (3, 2, "the document"),
    (2, 0, "201, ETag, X-Log-Position"),
)


def request_way() -> str:
    """The way of a command, from the shop to the log and back; each station is a folder."""
    assert all(
        (ROOT / each).is_dir() or (ROOT / "application" / each).is_dir()
        for each in STATIONS
        if each not in {"ticket shop", "the log"}
    )
    wide, bottom = 168, 70 + 44 * len(STEPS)
    parts = []
    for place, name in enumerate(STATIONS):
        x = 20 + wide * place
        kind = "" if "/" in name or name == "domain" else "end"
        parts += [box(x, 16, 148, 32, kind), text(x + 74, 37, name, "small")]
        parts.append(f'<path class="life" d="M{x + 74} 48V{bottom}"/>')
    for row, (start, end, said) in enumerate(STEPS):
        y = 84 + 44 * row
        xs = [94 + wide * each for each in (start, end)]
        parts.append(way(f"M{xs[0]} {y}H{xs[1]}", "back" if end < start else ""))
        parts.append(text(sum(xs) / 2, y - 7, said, "small"))
    return svg(20 + wide * len(STATIONS), bottom + 10, "The way of a command", parts)


PICTURES = {
    "life-cycle.svg": life_cycle,
    "folders.svg": folder_graph,
    "request.svg": request_way,
}

if __name__ == "__main__":
    for name, drawn in PICTURES.items():
        (IMAGES / name).write_text(drawn(), encoding="utf-8")
