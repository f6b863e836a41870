"""How the read models get on."""

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from application.bootstrap import Services
from application.operations.read_model_status import read_model_statuses


def register(routes: Blueprint, services: Services) -> None:
    """The page of read models."""

    @routes.get("/read-models")
    def show_read_models() -> AnyResponse:
        part = "HX-Request" in request.headers
        name = "console/read_models_now.html" if part else "console/read_models.html"
        return Response(
            render_template(name, read_model_statuses=read_model_statuses(services.store))
        )
