"""What is done to a running project now and then: rotate a secret, drill a restore."""

from __future__ import annotations

from imagesfactory.kit.settings import REGION

from local.deployment import declared
from local.deployment.accounts import ARCHIVE, DEFAULT
from local.deployment.plan import Target
from local.deployment.steps import Stage, Step

PSEUDONYMS = "PSEUDONYM_KEY"
"""The one key that is never rotated: every hash made with it would point nowhere."""
DRILL = "drill"


class CannotRotate(Exception):
    """That secret is none of ours, or must stay; the text says why."""


def rotation(target: Target, secret: str) -> tuple[Stage, ...]:
    """Give the functions a new value of ``secret`` without a moment in which neither works.

    Raises:
        CannotRotate

    """
    if secret == PSEUDONYMS:
        raise CannotRotate(
            f"{PSEUDONYMS} must stay: the register of misuse, the marks of withdrawn accounts and the suppressed "
            "addresses are found by hashes made with it. If it leaked, treat it as an incident (docs/operations.md)."
        )
    functions = declared.functions_with(secret)
    if not functions:
        raise CannotRotate(f"No function declares {secret}. Known: {', '.join(declared.secrets())}")
    only = ",".join(f"functions:{name}" for name in functions)
    return (
        Stage(
            "rotate",
            "The old value works until the last function has the new one.",
            (
                Step(
                    "a second key at the provider",
                    by_hand="Make a new key there and leave the old one valid (Stripe: roll with a delay).",
                ),
                Step("the new version", (("firebase", "functions:secrets:set", secret, "--project", target.project),)),
                Step(
                    f"deploy the {len(functions)} functions that are given it",
                    (("firebase", "deploy", "--project", target.project, "--only", only),),
                ),
                Step("retire the old one", by_hand="Revoke the old key at the provider, then prune the old versions:"),
                Step("prune", (("firebase", "functions:secrets:prune", "--project", target.project),)),
            ),
        ),
    )


def restore_drill(target: Target, backup: str) -> tuple[Stage, ...]:
    """Restore a backup beside the live databases, look at it, and remove it again. ``backup`` is its full name."""
    return (
        Stage(
            "restore",
            "Proves that the backup can be read, without touching what is live.",
            (
                Step(
                    "backups there are",
                    (("gcloud", "firestore", "backups", "list", f"--location={REGION}", target.here),),
                ),
                Step(
                    f"restore into database {DRILL}",
                    (
                        (
                            *("gcloud", "firestore", "databases", "restore", f"--source-backup={backup}"),
                            *(f"--destination-database={DRILL}", target.here),
                        ),
                    ),
                    done_if=("gcloud", "firestore", "databases", "describe", f"--database={DRILL}", target.here),
                ),
                Step(
                    "look",
                    by_hand="Count users, wallets, orders and the sum of ledger entries and compare them with "
                    "the day's settlement report; write date, backup and result into the company's register.",
                ),
            ),
        ),
        Stage(
            "remove",
            f"What {DRILL} holds is personal data twice: it goes the same day.",
            (
                Step(
                    f"delete database {DRILL}",
                    (("gcloud", "firestore", "databases", "delete", f"--database={DRILL}", "--quiet", target.here),),
                ),
            ),
        ),
        Stage(
            "in earnest",
            f"After a loss of {DEFAULT} or {ARCHIVE} itself.",
            (
                Step(
                    "restore under the same name",
                    by_hand="Delete the broken database (its delete protection first), restore with its own name as "
                    "the destination, deploy rules and indexes, run purge once by hand. Whoever withdrew since has no "
                    "sign-in any more: the sweep finds them within a day and erases them again.",
                ),
            ),
        ),
    )
