"""The application object: the HTTP API and the console over wired services."""

from flask import Flask

from application.bootstrap import Services
from application.catalog.sandbox_clock import SandboxClock
from interface.console.blueprint import console_blueprint
from interface.guide.blueprint import guide_blueprint
from interface.http import health, metrics
from interface.http.asyncapi import ASYNCAPI_CALLS
from interface.http.feed import FEED_CALLS
from interface.http.flask_adapter import OrderId, Service, blueprint_of, register
from interface.http.gateways import GATEWAYS
from interface.http.monitoring import Monitoring
from interface.http.openapi import openapi_blueprint
from interface.http.order_audit import ORDER_AUDIT
from interface.http.orders import ORDERS
from interface.http.partners import PARTNERS
from interface.http.payments import PAYMENTS
from interface.http.refunds import REFUNDS
from interface.http.shows import SHOWS
from interface.http.signpost import SIGNPOST
from interface.http.webhooks import WEBHOOK_CALLS
from interface.sandbox.blueprint import sandbox_blueprint
from interface.sandbox.clock import CLOCK, AboutClock
from interface.sandbox.fresh_catalog import FRESH_CATALOG


def create_app(
    services: Services, monitoring: Monitoring | None = None, sandbox: str = ""
) -> Flask:
    """A Flask application over wired services; a server brings its own `monitoring`.

    With the sandbox, its notices go to the address `sandbox`.
    """
    monitoring = monitoring or Monitoring(services)
    app = Service(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = services.settings.max_body_bytes
    app.url_map.merge_slashes = False
    app.url_map.converters["order_id"] = OrderId
    register(app, services)
    for calls in (
        ORDERS,
        ORDER_AUDIT,
        REFUNDS,
        PAYMENTS,
        SHOWS,
        PARTNERS,
        FEED_CALLS,
        WEBHOOK_CALLS,
        GATEWAYS,
    ):
        app.register_blueprint(blueprint_of(calls, services))
    for calls in (health.HEALTH, metrics.CALLS):
        app.register_blueprint(blueprint_of(calls, monitoring))
    for calls in (SIGNPOST, ASYNCAPI_CALLS):
        app.register_blueprint(blueprint_of(calls, services))
    app.register_blueprint(openapi_blueprint())
    app.register_blueprint(console_blueprint(services))
    app.register_blueprint(guide_blueprint(services))
    if sandbox:
        app.register_blueprint(sandbox_blueprint(services, sandbox))
        app.register_blueprint(blueprint_of(FRESH_CATALOG, services))
        if isinstance(services.clock, SandboxClock):
            about = AboutClock(services, services.clock)
            app.register_blueprint(blueprint_of(CLOCK, about))
    return app
