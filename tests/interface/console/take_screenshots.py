"""Takes the pictures of docs/console.md: python tests/interface/console/take_screenshots.py"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from console_data import CONCERT, FESTIVAL, HOUSE_KEY  # noqa: E402
from console_money import running_with_money  # noqa: E402
from console_service import chromium, running  # noqa: E402 - found by the line above
from console_webhooks import running_with_webhooks  # noqa: E402

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 200_000
DESK = {"viewport": {"width": 1100, "height": 800}}
NIGHT = {**DESK, "color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5, "is_mobile": True}


def pictures(console) -> list[tuple[str, str, dict, int]]:
    """Names of pictures, the pages on them, how they are looked at, and how much of the page."""
    timeline = f"orders/{console.long_order}?version=4"
    expired = f"orders/{console.late_payment}"
    hall = f"shows/{CONCERT}"
    return [
        ("sign-in", "sign-in", DESK, 620),
        ("orders", "orders", DESK, 800),
        ("order", timeline, DESK, 1080),
        ("order-expired", expired, DESK, 900),
        ("order-night", timeline, NIGHT, 1080),
        ("shows", "shows", DESK, 420),
        ("hall", hall, DESK, 1700),
        ("hall-night", hall, NIGHT, 800),
        ("sets", f"shows/{FESTIVAL}", DESK, 620),
        ("orders-phone", "orders", {**PHONE, "locale": "ru"}, 844),
        ("order-phone", expired, {**PHONE, "locale": "ru"}, 1200),
        ("hall-phone", hall, {**PHONE, "color_scheme": "dark"}, 844),
    ]


def pictures_of_money(_) -> list[tuple[str, str, dict, int]]:
    """The same, of a service that has money of every kind."""
    phone = {**PHONE, "color_scheme": "dark"}
    return [("money", "money", DESK, 1240), ("money-phone", "money", phone, 1100)]


def pictures_of_webhooks(console) -> list[tuple[str, str, dict, int]]:
    """The same, of a service that delivers to webhooks."""
    failing = f"integrations/{console.fails}"
    return [
        ("integrations", "integrations", DESK, 620),
        ("webhook", failing, DESK, 1040),
    ]


def pictures_of_operators(_) -> list[tuple[str, str, dict, int]]:
    """What operators see there."""
    return [("system", "system", DESK, 1000)]


def take(browser, console, wanted) -> None:
    for name, path, looks, height in wanted(console):
        context = browser.new_context(timezone_id="Europe/Moscow", **looks)
        page = context.new_page()
        page.goto(f"{console.address}/console/sign-in")
        if path != "sign-in":
            page.fill("#key", getattr(console, "key", HOUSE_KEY))
            page.press("#key", "Enter")
            page.wait_for_url("**/console/orders")
            page.goto(f"{console.address}/console/{path}")
        page.set_viewport_size({"width": looks["viewport"]["width"], "height": height})
        page.wait_for_load_state("networkidle" if path == "sign-in" else "load")
        page.evaluate("document.fonts.ready")
        file = IMAGES / f"console-{name}.png"
        page.screenshot(path=file)
        context.close()
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)}  {size:,} bytes")
        assert size < MOST_BYTES, "too large for a page of documentation"


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as service,
        running_with_money(Path(folder)) as paid,
        running_with_webhooks(Path(folder)) as delivering,
        chromium() as looker,
    ):
        take(looker, service, pictures)
        take(looker, paid, pictures_of_money)
        take(looker, delivering, pictures_of_webhooks)
        delivering.key = delivering.auditors_key
        take(looker, delivering, pictures_of_operators)
