"""Where everything of one run listens."""

from __future__ import annotations

from dataclasses import dataclass, fields

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """One listening socket."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address as a URL without a path."""
        return f"http://{self}"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Addresses:
    """The emulators' addresses."""

    auth: Address
    functions: Address
    firestore: Address
    firestore_websocket: Address
    storage: Address
    tasks: Address
    eventarc: Address
    hub: Address
    logging: Address
    ui: Address

    @classmethod
    def on_loopback(cls, ports: tuple[int, ...]) -> Addresses:
        """One port for each field, in the order of the fields."""
        return cls(*(Address(LOOPBACK, port) for port in ports))

    @classmethod
    def count(cls) -> int:
        """How many ports one run needs."""
        return len(fields(cls))

    def client_environment(self, project: str) -> dict[str, str]:
        """The variables by which Google's client libraries find the emulators."""
        return {
            "GCLOUD_PROJECT": project,
            "GOOGLE_CLOUD_PROJECT": project,
            "FIRESTORE_EMULATOR_HOST": str(self.firestore),
            "FIREBASE_AUTH_EMULATOR_HOST": str(self.auth),
            "FIREBASE_STORAGE_EMULATOR_HOST": str(self.storage),
            "STORAGE_EMULATOR_HOST": self.storage.url,
            "CLOUD_TASKS_EMULATOR_HOST": str(self.tasks),
            "FIREBASE_EMULATOR_HUB": str(self.hub),
        }
