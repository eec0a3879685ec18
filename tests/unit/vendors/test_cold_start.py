"""Importing and constructing the vendors loads no SDK and needs no key: a cold start pays only for what it uses."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import imagesfactory.vendors
from imagesfactory.kit.settings import REGION, read_settings
from imagesfactory.vendors.bucket import CloudStorageBucket
from imagesfactory.vendors.directory import FirebaseDirectory
from imagesfactory.vendors.firebase_push import FirebasePusher
from imagesfactory.vendors.openai_images import OpenAIImages
from imagesfactory.vendors.openai_moderation import OpenAIModerator
from imagesfactory.vendors.sendgrid_mail import SendGridSender
from imagesfactory.vendors.stability_grpc import StabilityGrpc
from imagesfactory.vendors.stability_rest import StabilityRest
from imagesfactory.vendors.task_queue import CloudTasksQueue

if TYPE_CHECKING:
    from imagesfactory.accounts.ports import Directory
    from imagesfactory.generation.ports import ImageBucket, ImageModel, Moderator
    from imagesfactory.kit.queue import Queue
    from imagesfactory.mail.ports import Pusher, Sender

ROOT = Path(__file__).parents[3]
SDKS = (
    "openai",
    "httpx2",
    "stability_sdk",
    "grpc",
    "dotenv",
    "sendgrid",
    "python_http_client",
    "firebase_admin",
    "google.cloud.firestore",
    "google.cloud.storage",
    "google.cloud.tasks_v2",
    "google.api_core",
    "google.auth",
    "requests",
    "PIL",
    "pydantic",
    "defusedxml",
)
LOADED_BY_OTHERS = {"tasks_emulator_adapter"}
"""Is an adapter of requests; the queue loads it on first use, and only where the emulator is."""

PROGRAM = """
import importlib, sys
from tests.unit.vendors.test_cold_start import SDKS, construct_all
for name in sys.argv[1:]:
    importlib.import_module("imagesfactory.vendors." + name)
construct_all()
print([sdk for sdk in SDKS if sdk in sys.modules])
"""


def construct_all() -> tuple[dict[str, ImageModel], Moderator, ImageBucket, Queue, Sender, Directory, Pusher]:
    """Every vendor in its port's place (the type checker compares them), from settings without a single key."""
    settings = read_settings({"GCLOUD_PROJECT": "demo-vendors"})
    return (
        {
            "openai": OpenAIImages(api_key=settings.openai_api_key, base_url=settings.openai_address),
            "stability": StabilityRest(api_key=settings.stability_api_key, base_url=settings.stability_address),
            "stability-grpc": StabilityGrpc(api_key=settings.stability_api_key, host=settings.stability_grpc_address),
        },
        OpenAIModerator(api_key=settings.openai_api_key, base_url=settings.openai_address),
        CloudStorageBucket(name=settings.bucket, project=settings.project),
        CloudTasksQueue(project=settings.project, region=REGION, task_invoker=settings.task_invoker),
        SendGridSender(api_key=settings.sendgrid_api_key, host=settings.sendgrid_address),
        FirebaseDirectory(project=settings.project),
        FirebasePusher(project=settings.project, address=settings.push_address),
    )


def test_importing_and_constructing_every_vendor_loads_no_sdk() -> None:
    modules = {found.name for found in pkgutil.iter_modules(imagesfactory.vendors.__path__)} - LOADED_BY_OTHERS
    assert {"openai_images", "bucket", "firestore_client"} <= modules
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *sorted(modules)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'functions'}"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]"
