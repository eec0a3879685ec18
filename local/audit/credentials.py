"""Credentials in the repository: in the files that git tracks, and in every line that was ever committed.

detect-secrets knows the shapes; those of our own providers that it lacks are below. It looks at one line at a time with
every shape, which takes a minute for this repository; so each file is first searched as a whole, and only shapes that
occur in it are looked for line by line. What is printed is where and of which kind, never the credential.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.keyword import KeywordDetector

from local.audit.finding import Check, Verdict

NAME: Final = "Credentials"
_UNWANTED: Final = frozenset({"IPPublicDetector"})
"""An address is no credential; documents and tests are full of examples."""
_KEYWORDS: Final = re.compile(r"(?i)passw|secret|api_?key|token|credential")
_TEST_KEY: Final = re.compile(r"^(test|pk_test|sk_test|whsec_local)_|^demo-")
"""Keys of providers' test modes; the doubles take any."""
_ADDED: Final = re.compile(r"^\+(?!\+\+ )(.*)$", re.MULTILINE)


class ProviderDetector(RegexBasedDetector):
    """Shapes of our providers' live credentials that detect-secrets lacks or knows in an older form."""

    secret_type = "Provider Credential"  # noqa: S105 - the name of a kind
    denylist: ClassVar[list[re.Pattern[str]]] = [
        re.compile(r"\blive_g?sk_[0-9A-Za-z_]{20,}"),  # docs.tosspayments.com/reference/using-api/api-keys
        re.compile(r"\bsk-(?:proj|svcacct|admin)-[0-9A-Za-z_-]{40,}"),  # OpenAI
        re.compile(r"\bsk-[0-9A-Za-z]{48}\b"),  # Stability AI
        re.compile(r"\bwhsec_[0-9A-Za-z+/]{32,}"),  # docs.stripe.com/webhooks/signature
        re.compile(r"\b[rs]k_live_[0-9A-Za-z]{24,}"),  # docs.stripe.com/keys
        re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),  # Google API key
        re.compile(r"\bGOCSPX-[0-9A-Za-z_-]{28}\b"),  # Google OAuth client
        re.compile(r"\bya29\.[0-9A-Za-z_-]{40,}"),  # Google access token
        re.compile(r'"private_key_id":\s*"[0-9a-f]{40}"'),  # Google service account
    ]


def check(root: Path) -> Check:
    """Look through every tracked file and the whole history."""
    files = tracked(root)
    found = [*in_files(root, files), *in_history(root)]
    looked_at = f"{len(files)} files and the history"
    if not found:
        return Check(NAME, looked_at, Verdict.CLEAN)
    remedy = "Revoke the credential where it was issued, then remove it: a commit cannot be called back."
    return Check(NAME, looked_at, Verdict.FOUND, tuple(found), remedy)


def tracked(root: Path) -> list[Path]:
    """The files that git tracks or would add."""
    names = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [root / name for name in names if name and (root / name).is_file()]


def in_files(root: Path, files: Iterable[Path]) -> Iterator[str]:
    """Where credentials stand in ``files``: ``path:line: kind``."""
    detectors = _detectors()
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # fonts and pictures
        name = str(path.relative_to(root))
        yield from (f"{name}:{line}: {kind}" for line, kind in _in_text(text, detectors))
        if name.startswith("functions/") and _KEYWORDS.search(text):
            yield from _assigned(name, text)


def in_history(root: Path) -> Iterator[str]:
    """Kinds of credentials that some commit added, wherever they went since."""
    how = ("--all", "--patch", "--unified=0", "--no-color", "--no-ext-diff", "--format=")
    log = _git(root, "log", *how, errors="replace")
    added = "\n".join(_ADDED.findall(log))
    yield from sorted({f"history: {kind}" for _, kind in _in_text(added, _detectors())})


def _in_text(text: str, detectors: list[RegexBasedDetector]) -> Iterator[tuple[int, str]]:
    for detector in detectors:
        if not any(shape.search(text) for shape in detector.denylist):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if any(not _TEST_KEY.match(secret) for secret in detector.analyze_string(line)):
                yield number, detector.secret_type


def _assigned(name: str, text: str) -> Iterator[str]:
    """Words like ``password = "..."`` in what is deployed: nothing there has a reason to hold one."""
    detector = KeywordDetector()
    for number, line in enumerate(text.splitlines(), start=1):
        if _KEYWORDS.search(line):
            secrets = [found.secret_value or "" for found in detector.analyze_line(name, line, number)]
            if any(not _TEST_KEY.match(secret) for secret in secrets):
                yield f"{name}:{number}: {detector.secret_type}"


def _detectors() -> list[RegexBasedDetector]:
    classes: dict[str, Any] = get_mapping_from_secret_type_to_class()
    shapes = [one for one in classes.values() if issubclass(one, RegexBasedDetector)]
    wanted = [one for one in shapes if one.__name__ not in _UNWANTED]
    return [*(one() for one in wanted), ProviderDetector()]


def _git(root: Path, *arguments: str, errors: str = "strict") -> str:
    command = ["git", *arguments]
    done = subprocess.run(  # noqa: S603 - git, on our own repository
        command, cwd=root, check=True, capture_output=True, text=True, encoding="utf-8", errors=errors
    )
    return done.stdout
