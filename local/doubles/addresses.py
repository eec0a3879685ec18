"""Where the doubles listen, and how the settings of the real SDKs are to be set for them."""

from __future__ import annotations

from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The ports to listen on; 0 takes a free one."""

    openai: int = 0
    stability: int = 0
    stability_grpc: int = 0
    sendgrid: int = 0
    stripe: int = 0
    toss: int = 0
    fcm: int = 0


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The addresses of the running doubles.

    `openai_base_url` ends in /v1 as OPENAI_BASE_URL must. `stability_grpc_host` is host:port, never ending in 443:
    stability-sdk would use TLS. `home` is the page that lists everything and serves the mailbox. `stripe_url`,
    `toss_url` and `fcm_url` have no final slash: the SDKs add paths that begin with one. Any test key works; those
    here will do.
    """

    openai_base_url: str
    stability_url: str
    stability_grpc_host: str
    sendgrid_url: str
    sendgrid_event_public_key: str
    stripe_url: str
    toss_url: str
    fcm_url: str
    stripe_webhook_secret: str
    stripe_api_key: str = "sk_test_local"
    toss_secret_key: str = "test_gsk_local"  # noqa: S105 (made up; any test key works)

    @property
    def home(self) -> str:
        """The home page."""
        return f"{self.sendgrid_url}/"

    @property
    def mailbox(self) -> str:
        """The page of the mails received."""
        return f"{self.sendgrid_url}/mailbox"

    @property
    def gallery(self) -> str:
        """The page of the pictures drawn."""
        return f"{self.sendgrid_url}/gallery"

    @property
    def stripe_dashboard(self) -> str:
        """The page of the Stripe payments, where a person acts as the payer's bank or the shop's staff."""
        return f"{self.stripe_url}/dashboard"

    @property
    def toss_dashboard(self) -> str:
        """The same for Toss."""
        return f"{self.toss_url}/dashboard"

    @property
    def control(self) -> str:
        """The control API, the same on every HTTP double."""
        return f"{self.sendgrid_url}/_control"

    def to_json(self) -> dict[str, str]:
        """Every address by its name."""
        pages = {"home": self.home, "mailbox": self.mailbox, "gallery": self.gallery, "control": self.control}
        dashboards = {"stripe_dashboard": self.stripe_dashboard, "toss_dashboard": self.toss_dashboard}
        return {**vars(self), **pages, **dashboards}


def addresses_of(ports: Ports, public_key: str, stripe_webhook_secret: str) -> Addresses:
    """The addresses for ports that are being listened on."""
    return Addresses(
        openai_base_url=f"http://{HOST}:{ports.openai}/v1",
        stability_url=f"http://{HOST}:{ports.stability}",
        stability_grpc_host=f"{HOST}:{ports.stability_grpc}",
        sendgrid_url=f"http://{HOST}:{ports.sendgrid}",
        sendgrid_event_public_key=public_key,
        stripe_url=f"http://{HOST}:{ports.stripe}",
        toss_url=f"http://{HOST}:{ports.toss}",
        fcm_url=f"http://{HOST}:{ports.fcm}",
        stripe_webhook_secret=stripe_webhook_secret,
    )
