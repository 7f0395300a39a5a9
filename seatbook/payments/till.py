"""All providers of one process by name, and which of them takes new payments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from seatbook.config import Config
from seatbook.payments.counter import Counter
from seatbook.payments.provider import Provider, ProviderRefused
from seatbook.payments.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Till:
    """`online` takes new payments. The others are known too: a payment stays with whom it began."""

    online: Provider
    others: Mapping[str, Provider]

    def of(self, name: str) -> Provider:
        """Raises ProviderRefused when it was set up once and is not any more."""
        provider = self.online if self.online.name == name else self.others.get(name)
        if provider is None:
            raise ProviderRefused(f"{name} is not set up here any more")
        return provider


@lru_cache(maxsize=8)
def till_of(config: Config) -> Till:
    """The providers as the settings name them, made once a process."""
    others: dict[str, Provider] = {"counter": Counter()}
    if config.stripe_secret_key and config.stripe_webhook_secret:
        # Its library takes a second to load, which only those wait for who use it.
        from seatbook.payments.stripe import Stripe

        others[Stripe.name] = Stripe(
            secret_key=config.stripe_secret_key,
            webhook_secret=config.stripe_webhook_secret,
            home=config.public_url,
        )
    sandbox = Sandbox(secret=f"sandbox {config.secret_key}", page=f"{config.public_url}/sandbox/")
    others[sandbox.name] = sandbox
    return Till(online=others[config.payment_provider], others=others)
