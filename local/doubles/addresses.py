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


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The addresses of the running doubles.

    `openai_base_url` ends in /v1 as OPENAI_BASE_URL must. `stability_grpc_host` is host:port, never ending in 443:
    stability-sdk would use TLS. `home` is the page that lists everything and serves the mailbox.
    """

    openai_base_url: str
    stability_url: str
    stability_grpc_host: str
    sendgrid_url: str
    sendgrid_event_public_key: str

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
    def control(self) -> str:
        """The control API, the same on every HTTP double."""
        return f"{self.sendgrid_url}/_control"

    def to_json(self) -> dict[str, str]:
        """Every address by its name."""
        pages = {"home": self.home, "mailbox": self.mailbox, "gallery": self.gallery, "control": self.control}
        return {**vars(self), **pages}


def addresses_of(ports: Ports, public_key: str) -> Addresses:
    """The addresses for ports that are being listened on."""
    return Addresses(
        openai_base_url=f"http://{HOST}:{ports.openai}/v1",
        stability_url=f"http://{HOST}:{ports.stability}",
        stability_grpc_host=f"{HOST}:{ports.stability_grpc}",
        sendgrid_url=f"http://{HOST}:{ports.sendgrid}",
        sendgrid_event_public_key=public_key,
    )
