"""What every page for a browser is answered with, besides its content security policy."""

FOR_EVER = "public, max-age=31536000, immutable"
"""The `Cache-Control` of what has another address once it changes."""
PAGE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
