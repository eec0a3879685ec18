"""What is done to a running project now and then: rotate a secret, drill a restore, and recover in earnest."""

from __future__ import annotations

from imagesfactory.kit.settings import REGION

from local.deployment import declared, plan
from local.deployment.accounts import ARCHIVE, DEFAULT
from local.deployment.plan import Target
from local.deployment.steps import Command, Stage, Step, written

BESIDE = "beside"
"""The database that a backup or an earlier moment is brought back into, beside the live ones."""
SINCE = (
    *("signup.completed", "consents.changed", "correction.requested", "image.deleted", "withdrawal.begun"),
    *("misuse.recorded", "misuse.lifted", "order.paid", "refund.requested", "coupon.redeemed", "disclosure.recorded"),
    *("member.suspended", "member.reinstated", "refund.recorded_by_hand"),
)
"""Lines of the log (kit/log.py) that say what a database brought back does not know."""


class CannotRotate(Exception):
    """That secret is none of ours, or must stay; the text says why."""


def rotation(target: Target, secret: str) -> tuple[Stage, ...]:
    """Give the functions a new value of ``secret`` without a moment in which neither works.

    Raises:
        CannotRotate

    """
    if secret == plan.OWN_KEY:
        raise CannotRotate(
            f"{plan.OWN_KEY} must stay: the register of misuse, the marks of withdrawn accounts and the suppressed "
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
                Step(
                    "retire the old one",
                    by_hand="Revoke the old key at the provider, then prune the old versions.",
                    is_awaited=True,
                ),
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
                Step(f"restore into database {BESIDE}", (_restore(target, backup, BESIDE),), done_if=_is_there(target)),
                _copied(target, BESIDE),
                Step(
                    "look",
                    by_hand="Count users, wallets, orders and the sum of ledger entries and compare them with "
                    "the day's settlement report; write date, backup and result into the company's register.",
                    is_awaited=True,
                ),
            ),
        ),
        _removal(target, "What it holds is personal data twice: it goes the same day."),
    )


def recovery(target: Target, database: str) -> tuple[Stage, ...]:
    """Bring a live ``database`` back after it was lost or spoilt, as of an earlier moment.

    Sources: firebase.google.com/docs/firestore/restore-in-place; firebase.google.com/docs/firestore/use-pitr;
    cloud.google.com/firestore/docs/eventarc (a trigger of a database that was deleted is deaf until it is made anew).
    """
    return (
        Stage("stop", "Nothing works, advertises or destroys on what is about to go.", _paused(target)),
        Stage("copy", "The last good moment, beside the live one.", _beside(target, database)),
        Stage("replace", f"From here on {database} is gone until its copy is back.", _replaced(target, database)),
        Stage("again", "What went with the old database.", _made_again(target, database)),
        Stage("make good", "What happened between that moment and now, which the copy does not know.", _lost(target)),
        _removal(target, "What it holds is personal data twice."),
        Stage("resume", "Last of all: campaigns and letters rest on what was made good.", _resumed(target)),
    )


def _paused(target: Target) -> tuple[Step, ...]:
    return _motors(target, "pause", "PAUSED")


def _resumed(target: Target) -> tuple[Step, ...]:
    return _motors(target, "resume", "ENABLED")


def _motors(target: Target, verb: str, state: str) -> tuple[Step, ...]:
    """What makes functions run without anybody asking: schedules and queues, by the names firebase-tools gives them."""
    where, jobs = (f"--location={REGION}", target.here), ("gcloud", "scheduler", "jobs")
    names = {one.name: f"firebase-schedule-{one.name}-{REGION}" for one in declared.functions() if one.is_schedule}
    schedules = [
        Step(
            f"{verb} schedule {name}",
            ((*jobs, verb, job, *where),),
            done_if=(*jobs, "list", *where, f"--filter=name~/{job}$ AND state={state}", "--format=value(name)"),
        )
        for name, job in names.items()
    ]
    queues = [one.name for one in declared.functions() if one.is_task]
    return (
        *schedules,
        *(Step(f"{verb} queue {name}", (("gcloud", "tasks", "queues", verb, name, *where),)) for name in queues),
    )


def _beside(target: Target, database: str) -> tuple[Step, ...]:
    source = f"--source-database=projects/{target.project}/databases/{database}"
    clone = ("gcloud", "firestore", "databases", "clone", source, "--snapshot-time=MOMENT", _into(BESIDE), target.here)
    return (
        Step(
            f"copy into database {BESIDE}",
            by_hand="MOMENT is a whole minute in UTC of the last seven days (2026-11-25T10:20:00Z), the last before "
            f"the damage; write it down. While {database} is still there:\n      {written(clone)}\n"
            f"      If it is not, from its last backup:\n      {written(_restore(target, 'BACKUP', BESIDE))}\n"
            f"      Of {ARCHIVE} take the latest that can be had: who left since is in no other place.",
            done_if=_is_there(target),
            is_awaited=True,
        ),
        _copied(target, BESIDE),
        Step(
            "look",
            by_hand=f"Is {BESIDE} what it should be? If only some documents of {database} are wrong, mend these from "
            "it instead of going on, points by compensating entries only.",
            is_awaited=True,
        ),
    )


def _replaced(target: Target, database: str) -> tuple[Step, ...]:
    live = ("gcloud", "firestore", "databases")
    source = f"--source-database=projects/{target.project}/databases/{BESIDE}"
    clone = (*live, "clone", source, "--snapshot-time=NOW", _into(database), target.here)
    return (
        Step(
            f"delete {database}",
            by_hand=f"There is no way back from here:\n      "
            f"{written((*live, 'update', f'--database={database}', '--no-delete-protection', target.here))}\n      "
            f"{written((*live, 'delete', f'--database={database}', target.here))}",
            is_awaited=True,
        ),
        Step(
            f"copy {BESIDE} into {database}",
            by_hand=f"NOW is a whole minute after {BESIDE} was made. A name is free again some minutes after a "
            f"deletion:\n      {written(clone)}",
            is_awaited=True,
        ),
        _copied(target, database),
    )


def _made_again(target: Target, database: str) -> tuple[Step, ...]:
    protect: Command = (
        *("gcloud", "firestore", "databases", "update", f"--database={database}", "--delete-protection"),
        *("--enable-pitr", target.here),
    )
    steps = [Step("delete protection and recovery to any minute", (protect,)), plan.daily_backup(target, database)]
    everything = "firestore"
    if database == DEFAULT:
        triggers = [one.name for one in declared.functions() if one.is_trigger]
        delete: Command = (
            *("firebase", "functions:delete", *triggers, f"--region={REGION}", "--force", "--project", target.project),
        )
        steps.append(Step("triggers are deaf: remove them", (delete,)))
        everything = ",".join(["firestore", *(f"functions:{name}" for name in triggers)])
    deploy: Command = ("firebase", "deploy", "--project", target.project, "--only", everything)
    return (*steps, Step("rules, indexes, triggers", (deploy,)), *plan.invokers(target))


def _lost(target: Target) -> tuple[Step, ...]:
    events = " OR ".join(f'"{event}"' for event in SINCE)
    which = f'jsonPayload.message=({events}) AND timestamp>="MOMENT"'
    read = ("gcloud", "logging", "read", which, "--freshness=8d", "--format=json", target.here)
    return (
        Step(
            "what happened since, by member",
            by_hand=f"The log has who and when, the copy has not:\n      {written(read)}",
        ),
        Step(
            "refusals first",
            by_hand="For each consents.changed: ask the member anew, and set marketing_email to false until they "
            "answer. Take over what SendGrid's suppression lists have since; who unsubscribed by a link is among the "
            "requests of the function unsubscribe. No campaign before that. For each member.suspended "
            "the officer suspends anew, for each member.reinstated reinstates.",
            is_awaited=True,
        ),
        Step(
            "withdrawals and erasures",
            by_hand="For each withdrawal.begun: the sign-in is gone, so that the sweep finds them within a day once it "
            "goes on, and erases them again; see then that make truth is green. For each image.deleted the file is "
            "gone already; make truth lists what names it still. Whatever was due is due again; the next purge takes "
            "it.",
        ),
        Step(
            "money",
            by_hand=f"For each lost day: make settle PROJECT={target.project} DAY=... AGAIN=1. A payment the provider "
            "has and we have not is granted or paid back by hand; refunds and disputes likewise. For each "
            "refund.recorded_by_hand: record it again, do not pay it again. Points that were spent since are with the "
            "members again: that is our loss.",
            is_awaited=True,
        ),
        Step(
            "tell them",
            by_hand="Lost or altered personal data is an incident of its own: its clocks run (--incident).",
        ),
    )


def _restore(target: Target, backup: str, database: str) -> Command:
    return ("gcloud", "firestore", "databases", "restore", f"--source-backup={backup}", _into(database), target.here)


def _into(database: str) -> str:
    return f"--destination-database={database}"


def _is_there(target: Target) -> Command:
    return ("gcloud", "firestore", "databases", "describe", f"--database={BESIDE}", target.here)


def _copied(target: Target, database: str) -> Step:
    """A database can be neither read nor written until the operation that makes it has succeeded."""
    return Step(
        f"wait until {database} can be read",
        wait_until=(
            *("gcloud", "firestore", "operations", "list", f"--database={database}", target.here),
            *("--filter=metadata.operationState=SUCCESSFUL", "--format=value(name)"),
        ),
    )


def _removal(target: Target, why: str) -> Stage:
    delete: Command = ("gcloud", "firestore", "databases", "delete", f"--database={BESIDE}", "--quiet", target.here)
    return Stage("remove", why, (Step(f"delete database {BESIDE}", (delete,)),))
