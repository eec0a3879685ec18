"""Starts the Firestore server as a process: `python -m emulator.firestore --host 127.0.0.1 --port 8080`.

It takes the official emulator's options too, so that firebase-tools can start it in the official one's place.
"""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from emulator.firestore_export import ExportUnreadable
from emulator.transport.front import AddressInUseError
from emulator.transport.server import FirestoreServer, ServerSettings

READY = "Firestore server is ready on"
"""Start of the line that says so; host:port follows."""

log = logging.getLogger("emulator.firestore")


def main(arguments: list[str] | None = None) -> int:
    """Runs until SIGINT or SIGTERM; returns the exit code."""
    options, unknown = parser().parse_known_args(arguments)
    logging.basicConfig(level=options.log_level.upper(), format="%(levelname)s %(message)s", stream=sys.stdout)
    for chatty in ("httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if unknown:
        log.warning("Unknown options are ignored: %s", " ".join(word for word in unknown if word.startswith("--")))
    problem = _problem(options)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    try:
        _run(_settings(options))
    except AddressInUseError as error:
        print(f"{error}. Stop the other process or choose another --port.", file=sys.stderr)
        return 1
    except ExportUnreadable as error:
        print(f"--seed_from_export: {error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m emulator.firestore", description=__doc__, allow_abbrev=False)
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1 and ::1)")
    made.add_argument("--port", type=int, default=8080, help="port for gRPC and HTTP; 0 picks a free one")
    made.add_argument("--data", type=Path, help="folder to keep the data in; without it data ends with the process")
    made.add_argument("--indexes", type=Path, help="firestore.indexes.json with the composite indexes")
    made.add_argument("--require-indexes", action="store_true", help="refuse queries production would refuse")
    made.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    official = made.add_argument_group("options of the official emulator")
    official.add_argument("--websocket_port", type=int, help="port of the emulator UI's request log")
    official.add_argument("--project_id", help="the project the rules belong to")
    official.add_argument("--rules", type=Path, help="security rules file")
    official.add_argument("--seed_from_export", type=Path, help="overall metadata file of an export to begin with")
    official.add_argument("--single_project_mode", type=_boolean, nargs="?", const=True, default=False)
    official.add_argument("--functions_emulator", help="host:port that trigger events are sent to")
    official.add_argument("--database-edition", default="standard", help="only 'standard' is offered")
    official.add_argument("--webchannel_port", help=argparse.SUPPRESS)
    return made


def _boolean(text: str) -> bool:
    return text.lower() not in {"false", "0", "no", ""}


def _problem(options: argparse.Namespace) -> str | None:
    if options.database_edition != "standard":
        return f"--database-edition {options.database_edition}: only the standard edition is offered."
    for name in ("rules", "indexes", "seed_from_export"):
        path = getattr(options, name)
        if path and not path.is_file():
            return f"--{name} {path}: there is no such file."
    return None


def _settings(options: argparse.Namespace) -> ServerSettings:
    return ServerSettings(
        host=options.host,
        port=options.port,
        data=options.data,
        websocket_port=options.websocket_port,
        project=options.project_id,
        rules=options.rules,
        single_project=options.single_project_mode,
        functions_emulator=options.functions_emulator,
        indexes=options.indexes,
        require_indexes=options.require_indexes,
        seed=options.seed_from_export,
    )


def _run(settings: ServerSettings) -> None:
    if sys.platform == "win32":
        asyncio.run(_serve(settings))
    else:
        import uvloop  # noqa: PLC0415 - not available on Windows

        uvloop.run(_serve(settings))


async def _serve(settings: ServerSettings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with FirestoreServer(settings).running() as server:
        print(f"{READY} {settings.host}:{server.port}", flush=True)
        print(
            f"Data: {settings.data or 'in memory'}. Usage: http://{settings.host}:{server.port}/emulator/v1/usage.html"
        )
        await stopped.wait()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)  # Ctrl+C reaches us twice, from the terminal and from firebase-tools
        log.info("Stopping.")


if __name__ == "__main__":
    sys.exit(main())
