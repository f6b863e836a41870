"""The page with the status of read models."""

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.operations.read_model_status import read_model_statuses, rebuild_of
from application.read_models.registry import PROJECTIONS


def register(routes: Blueprint, services: Services) -> None:
    """The page of read models."""

    @routes.get("/read-models")
    def show_read_models() -> AnyResponse:
        part = "HX-Request" in request.headers
        page = "console/read_models_now.html" if part else "console/read_models.html"
        models = services.store.read_models()
        statuses = read_model_statuses(services.store)
        found = {name: rebuild_of(models, each.table) for name, each in PROJECTIONS.items()}
        rebuilds = {name: rebuild for name, rebuild in found.items() if rebuild is not None}
        return Response(render_template(page, statuses=statuses, rebuilds=rebuilds))
