"""The pages for readers, under /docs: the page of the API, and the guide."""

from flask import Blueprint

from application.bootstrap import Services
from interface.guide import api_page, site


def guide_blueprint(services: Services) -> Blueprint:
    """Both, with what they load. They need no key."""
    routes = Blueprint(
        "guide",
        __name__,
        url_prefix="/docs",
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    api_page.register(routes, services)
    site.register(routes)
    return routes
