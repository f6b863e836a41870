"""All experiments, for as many minutes as one likes: `python -m tests.faults --minutes N`.

Exit codes: 0 every promise held, 1 one was broken, 2 wrong usage.
"""

import json
import random
import sys
import time
from contextlib import ExitStack
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("faults", "support")]

import click  # noqa: E402 - the line above says where the rest is
from experiments import BROKEN, BY_NAME, EXPERIMENTS, POSTGRES, Experiment, Result, perform  # noqa: E402
from postgres_server import postgres_server  # noqa: E402
from rich.console import Console  # noqa: E402
from table import lines_of, table_of  # noqa: E402

Plan = list[tuple[Experiment, str]]


@click.command()
@click.option("--minutes", type=float, help="Go on for so long; without it each one runs once.")
@click.option(
    "--only", "names", multiple=True, type=click.Choice(sorted(BY_NAME)), help="This one."
)
@click.option("--store", type=click.Choice(["sqlite", "postgres"]), help="On this store alone.")
@click.option("--seed", type=int, help="Begin with this seed; a run's seed repeats it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def main(
    minutes: float | None,
    names: tuple[str, ...],
    store: str | None,
    seed: int | None,
    as_json: bool,  # noqa: FBT001 - click's own way
) -> None:
    """Break things on purpose, and hold what stands then against what the service promises."""
    chosen = [BY_NAME[name] for name in names] or EXPERIMENTS
    plan = [(each, at) for each in chosen for at in each.stores if store in {None, at}]
    if not plan:
        raise click.UsageError("No experiment of these runs on that store.")
    first = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    err = Console(stderr=True, width=None if sys.stderr.isatty() else 160)
    results = run_all(plan, first, minutes, err)
    if as_json:
        print(json.dumps({"seed": first, "lines": lines_of(results)}, indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(table_of(results))
    for each in results:
        if each.outcome == BROKEN:
            err.print(f"{each.again}: {each.reason}", style="red", markup=False)
    sys.exit(any(each.outcome == BROKEN for each in results))


def run_all(plan: Plan, seed: int, minutes: float | None, err: Console) -> list[Result]:
    """Run the plan once, or for so many minutes: next is always what had the least of its share."""
    results: list[Result] = []
    spent = dict.fromkeys(range(len(plan)), 0.0)
    end = time.monotonic() + (minutes or 0) * 60
    with ExitStack() as stack:
        needs_server = any(store == POSTGRES for _, store in plan)
        server = stack.enter_context(postgres_server()) if needs_server else None
        while len(results) < len(plan) if minutes is None else time.monotonic() < end:
            place = min(spent, key=lambda at: spent[at] / plan[at][0].weight)
            experiment, store = plan[place]
            result = perform(experiment, store, seed + len(results), server)
            results.append(result)
            spent[place] += max(result.seconds, 0.01)
            if minutes is None:
                del spent[place]
            progress(err, result, len(results), None if minutes is None else end)
    return results


def progress(err: Console, result: Result, count: int, end: float | None) -> None:
    """One line for a run that has ended."""
    left = "" if end is None else f"{max(0.0, end - time.monotonic()) / 60:5.1f} min left  "
    name = f"{result.experiment.name} ({result.store}, seed {result.seed})"
    why = f": {result.reason}" if result.reason else ""
    err.print(
        f"{count:>4}  {left}{name} {result.outcome}, {result.faults} faults"
        f" in {result.seconds:.1f} s{why}",
        markup=False,
        highlight=False,
    )


if __name__ == "__main__":
    main()
