"""`orderlog webhook`: where partners have their orders' events sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from interface.cli.shared.option_types import Moment, Position
from interface.cli.shared.session import Session, database_option, json_option, number
from interface.cli.shared.webhook_tables import delivery_table, webhook_list_table, webhook_table

if TYPE_CHECKING:  # see session.py
    from application.ports.webhooks import Webhook
    from application.webhooks.commands import ChangeWebhook, WebhookRequest

PAGE = 10_000
MOST_LINES = 1000


@click.group()
def webhook() -> None:
    """Webhooks: add, show, pause, rotate; the log; send again."""


def _narrowing(command: Callable[..., Any]) -> Callable[..., Any]:
    types = click.option(
        "--type",
        "types",
        metavar="TYPE",
        multiple=True,
        help="Only events of this type. Can be repeated.",
    )
    shows = click.option(
        "--event",
        "shows",
        metavar="ID",
        multiple=True,
        help="Only orders for the event with this id. Can be repeated.",
    )
    return types(shows(command))


@webhook.command()
@click.argument("address")
@click.option(
    "--partner", required=True, metavar="ID", help="The partner whose orders' events are sent."
)
@_narrowing
@click.option(
    "--after",
    type=Position(),
    help="Begin after this position; if not given, at the end of the log.",
)
@click.option("--v1a", "asymmetric", is_flag=True, help="Sign by a public key as well.")
@json_option("the webhook, with its secret")
@database_option
def add(session: Session, address: str, partner: str, *, as_json: bool, **more: Any) -> None:
    """Have events sent to ADDRESS. The secret is shown once, here."""
    from application.catalog.entries import UnknownPartner  # noqa: PLC0415 - see session.py
    from application.webhooks.commands import NewWebhook  # noqa: PLC0415

    services = session.services
    if partner.lower() not in services.catalog.current().partners:
        raise UnknownPartner(partner)
    types, shows = _types(more.pop("types")), _ids(more.pop("shows"))
    new = NewWebhook(address=address, types=types, shows=shows, **more)
    _show_secret(session, services.webhooks.add(new, partner.lower(), _request()), as_json=as_json)


@webhook.command("list")
@json_option("the webhooks")
@database_option
def list_all(session: Session, *, as_json: bool) -> None:
    """List all webhooks, with the position of each."""
    from application.webhooks.commands import OPERATOR  # noqa: PLC0415 - see session.py

    webhooks = session.services.webhooks
    documents = webhooks.documents(webhooks.page(OPERATOR, "", PAGE))
    if as_json:
        session.print_json(documents)
    else:
        nothing = "There are no webhooks; orderlog webhook add makes one."
        session.print_list(webhook_list_table(documents), nothing)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@json_option("the webhook, with the orders that wait")
@database_option
def show(session: Session, webhook_id: str, *, as_json: bool) -> None:
    """Show a webhook, and the orders that wait for it."""
    from application.webhooks.commands import OPERATOR  # noqa: PLC0415 - see session.py

    _show(session, session.services.webhooks.find(webhook_id.lower(), OPERATOR), as_json=as_json)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@click.option("--address", metavar="URL", help="Where events are sent from now on.")
@_narrowing
@click.option(
    "--all", "everything", is_flag=True, help="Events of all types, and for all events, again."
)
@click.option("--end-old-secret", is_flag=True, help="Only the newest secret signs from now on.")
@json_option("the webhook, with the orders that wait")
@database_option
def change(
    session: Session, webhook_id: str, *, everything: bool, as_json: bool, **more: Any
) -> None:
    """Change a webhook: only what the options name."""
    from application.webhooks.commands import ChangeWebhook  # noqa: PLC0415 - see session.py

    types, shows = _types(more.pop("types")), _ids(more.pop("shows"))
    wanted = ChangeWebhook(
        types=types if types or everything else None,
        shows=shows if shows or everything else None,
        **more,
    )
    _change(session, webhook_id, wanted, as_json=as_json)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@json_option("the webhook, with the orders that wait")
@database_option
def pause(session: Session, webhook_id: str, *, as_json: bool) -> None:
    """Send nothing for now; the webhook keeps its position."""
    _set_state(session, webhook_id, "paused", as_json=as_json)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@json_option("the webhook, with the orders that wait")
@database_option
def resume(session: Session, webhook_id: str, *, as_json: bool) -> None:
    """Resume a webhook that is paused or off."""
    _set_state(session, webhook_id, "active", as_json=as_json)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@click.option("--end-old", is_flag=True, help="The old secrets sign nothing from now on.")
@json_option("the webhook, with its secret")
@database_option
def rotate(session: Session, webhook_id: str, *, end_old: bool, as_json: bool) -> None:
    """Make a new secret. It is shown once, here."""
    webhooks = session.services.webhooks
    changed = webhooks.rotate(webhook_id.lower(), _request(), keep_old=not end_old)
    _show_secret(session, changed, as_json=as_json)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@click.confirmation_option(
    prompt="Remove the webhook with all that waits for it?", help="Do not ask."
)
@database_option
def remove(session: Session, webhook_id: str) -> None:
    """Remove a webhook, with everything that waits for it."""
    session.services.webhooks.remove(webhook_id.lower(), _request())
    click.echo(f"The webhook {webhook_id.lower()} is removed.")


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@click.option(
    "--position",
    "positions",
    multiple=True,
    type=Position(),
    help="The event at this position. Can be repeated.",
)
@click.option("--from", "begin", type=Moment(), help="All events that were made since then.")
@click.option(
    "--till", "end", type=Moment(), help="With --from: and before then; until now if not given."
)
@click.option("--after", type=Position(), help="All events after this position.")
@json_option("how many requests wait")
@database_option
def again(
    session: Session,
    webhook_id: str,
    begin: datetime | None,
    end: datetime | None,
    *,
    as_json: bool,
    **more: Any,
) -> None:
    """Send events again: by position, by time, or all after one."""
    from application.webhooks.commands import SendAgain  # noqa: PLC0415 - see session.py

    chosen = [bool(more["positions"]), begin is not None, more["after"] is not None]
    if sum(chosen) != 1 or (end and not begin):
        raise click.UsageError("Give one of --position, --from and --after.")
    made = None
    if begin is not None:
        made = (begin.astimezone(UTC), (end or session.services.clock()).astimezone(UTC))
    wanted = SendAgain(made=made, **more)
    requests = session.services.webhooks.send_again(webhook_id.lower(), wanted, _request())
    if as_json:
        session.print_json({"requests": requests})
    else:
        click.echo(f"{requests} requests to send again wait for the delivery.")


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@number("--last", 50, 1, MOST_LINES, "How many of the newest tries.")
@click.option("--failed", is_flag=True, help="Only tries that did not confirm.")
@click.option("--position", type=Position(), help="Only tries of the event at this position.")
@json_option("the tries")
@database_option
def log(session: Session, webhook_id: str, last: int, *, as_json: bool, **more: Any) -> None:
    """Show the tries of the last 30 days, newest first."""
    from application.webhooks.commands import OPERATOR, DeliveryFilter  # noqa: PLC0415
    from application.webhooks.document_types import delivery_document  # noqa: PLC0415

    wanted = DeliveryFilter(limit=last, **more)
    found = session.services.webhooks.deliveries(webhook_id.lower(), OPERATOR, wanted)
    documents = [delivery_document(each) for each in found]
    if as_json:
        session.print_json(documents)
    else:
        nothing = "There are no such tries in the last 30 days; orderlog webhook ping makes one."
        session.print_list(delivery_table(documents), nothing)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@json_option("the outcome")
@database_option
def ping(session: Session, webhook_id: str, *, as_json: bool) -> None:
    """Send a signed message at once. Exit code 1 unless confirmed."""
    from application.webhooks.document_types import ping_document  # noqa: PLC0415

    outcome = ping_document(session.services.webhooks.ping(webhook_id.lower(), _request()))
    if as_json:
        session.print_json(outcome)
    elif outcome["confirmed"]:
        click.echo(f"Confirmed: {outcome['status']} after {outcome['seconds']:.2f} s.")
    if not outcome["confirmed"]:
        session.refuse(f"The ping was not confirmed: {outcome['reason']}.")


def _set_state(session: Session, webhook_id: str, state: str, *, as_json: bool) -> None:
    from application.ports.webhooks import WebhookState  # noqa: PLC0415 - see session.py
    from application.webhooks.commands import ChangeWebhook  # noqa: PLC0415

    _change(session, webhook_id, ChangeWebhook(state=WebhookState(state)), as_json=as_json)


def _change(session: Session, webhook_id: str, wanted: "ChangeWebhook", *, as_json: bool) -> None:
    changed = session.services.webhooks.change(webhook_id.lower(), wanted, _request())
    _show(session, changed, as_json=as_json)


def _show(session: Session, known: "Webhook", *, as_json: bool) -> None:
    from application.webhooks.commands import OPERATOR  # noqa: PLC0415 - see session.py
    from application.webhooks.document_types import waiting_document  # noqa: PLC0415

    webhooks = session.services.webhooks
    (document,) = webhooks.documents([known])
    waiting = [waiting_document(each) for each in webhooks.waiting(known.id, OPERATOR)]
    if as_json:
        session.print_json({**document, "waiting": waiting})
    else:
        session.out.print(webhook_table(document, waiting))


def _show_secret(session: Session, known: "Webhook", *, as_json: bool) -> None:
    document = session.services.webhooks.with_secret(known)
    if as_json:
        session.print_json(document)
    else:
        click.echo(document["secret"])
        click.echo(f"The webhook is {known.id}.", err=True)


def _request() -> "WebhookRequest":
    from application.webhooks.commands import OPERATOR, WebhookRequest  # noqa: PLC0415

    return WebhookRequest(caller=OPERATOR)


def _types(given: tuple[str, ...]) -> tuple[str, ...]:
    from application.feed.thin_event import PREFIX, TYPES  # noqa: PLC0415 - see session.py

    named = tuple(dict.fromkeys(PREFIX + each.removeprefix(PREFIX) for each in given))
    if unknown := [each for each in named if each not in TYPES]:
        known = ", ".join(sorted(each.removeprefix(PREFIX) for each in TYPES))
        raise click.UsageError(f"There is no type {unknown[0]}. The types are: {known}.")
    return named


def _ids(given: tuple[str, ...]) -> tuple[str, ...]:
    from application.runtime.ids import is_id  # noqa: PLC0415 - see session.py

    ids = tuple(dict.fromkeys(each.lower() for each in given))
    if unknown := [each for each in ids if not is_id(each)]:
        raise click.UsageError(f"{unknown[0]} is not an id: an id has 24 hex digits.")
    return ids
