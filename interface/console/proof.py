"""The proof of an order, to download: its bundle, which `orderlog audit verify --bundle` checks."""

import msgspec
import structlog
from flask import Blueprint, Response, g, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.catalog.scopes import BARCODES_READ
from application.integrity.bundle import Bundle, CannotBundle, make_bundle
from domain.errors import UserError
from domain.refusals import Refusal
from interface.http.errors import MissingScope
from interface.http.order_in_path import known_id

TRIES = 3
"""How often a bundle is tried while other processes sign the log that goes on."""

log = structlog.get_logger()


def register(routes: Blueprint, services: Services) -> None:
    """The button for the proof of an order. It is a form, since it may sign a new checkpoint."""

    @routes.post("/orders/<order_id:order>/proof")
    def download_proof(order: str) -> AnyResponse:
        known = known_id(order)
        answer = services.history.order(known, g.caller)
        if not g.caller.may(BARCODES_READ):
            raise MissingScope(BARCODES_READ)
        try:
            bundle = _bundle(services, known)
        except Refusal:
            raise
        except (UserError, OSError) as error:
            log.warning("no_proof", order=known, reason=str(error))
            return redirect(url_for("console.show_order", order=known, unproven=1), 303)
        name = f"order-{answer.order.number}-proof.json"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(msgspec.json.encode(bundle), 200, headers, content_type="application/json")


def _bundle(services: Services, order: str) -> Bundle:
    """The bundle of an order. Raises as `make_bundle`."""
    for _ in range(TRIES - 1):
        try:
            return make_bundle(services.store, services.checkpoints, [order])
        except CannotBundle as error:
            log.info("proof_tried_again", order=order, reason=str(error))
    return make_bundle(services.store, services.checkpoints, [order])
