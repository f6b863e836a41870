"""The HTTP side of the service. Nothing happens at import time."""

from flask import Flask, Request
from werkzeug.routing import MapAdapter

from application.bootstrap import Services
from interface.console.blueprint import console_blueprint
from interface.http import errors, request_context
from interface.http.fast_path import FastPath
from interface.http.health import health_blueprint
from interface.http.metrics import metrics_blueprint
from interface.http.monitoring import Monitoring
from interface.http.openapi import openapi_blueprint
from interface.http.order_audit import order_audit_blueprint
from interface.http.orders import OrderId, orders_blueprint
from interface.http.shows import shows_blueprint


class Service(Flask):
    """A Flask application whose routes do not depend on the host."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """The routes bound to a request, without taking its host apart: that is slow."""
        if request is None:
            return super().create_url_adapter(request)
        return MapAdapter(
            self.url_map,
            request.environ.get("HTTP_HOST", ""),
            request.root_path,
            "",
            request.scheme,
            request.path,
            request.method,
            request.query_string.decode("latin1"),
        )


def create_app(services: Services, monitoring: Monitoring | None = None) -> Flask:
    """A Flask application over wired services; a server brings how it is `watched`."""
    monitoring = monitoring or Monitoring(services)
    app = Service(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = services.settings.max_body_bytes
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["order_id"] = OrderId
    errors.register(app)
    request_context.register(app, services)
    app.register_blueprint(orders_blueprint(services))
    app.register_blueprint(order_audit_blueprint(services))
    app.register_blueprint(shows_blueprint(services))
    app.register_blueprint(health_blueprint(monitoring))
    app.register_blueprint(metrics_blueprint(monitoring))
    app.register_blueprint(openapi_blueprint())
    app.register_blueprint(console_blueprint(services))
    app.wsgi_app = FastPath(app.wsgi_app, services)  # type: ignore[method-assign] # as Flask says to
    return app
