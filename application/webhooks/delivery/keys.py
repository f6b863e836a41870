"""The secrets with which a webhook's messages are signed, as the sender needs them."""

from application.catalog.key_secret import KeySecret
from application.ports.webhooks import Webhook
from application.webhooks.delivery.signatures import KeysOf, SigningKeys
from application.webhooks.secrets import secret_of, seed_of


def derived_keys(secret: KeySecret) -> KeysOf:
    """Finds the live secrets of a webhook, newest first, by the installation's secret."""

    def keys_of(webhook: Webhook) -> SigningKeys:
        numbers = tuple(reversed(webhook.generations))
        secrets = [secret_of(secret, webhook.id, each) for each in numbers]
        seeds = [seed_of(secret, webhook.id, each) for each in numbers if webhook.asymmetric]
        return SigningKeys(secrets, seeds)

    return keys_of
