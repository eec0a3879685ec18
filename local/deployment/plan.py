"""The deployment, from an empty project to production, in the order in which it has to be done.

Every command may be repeated: what exists is left alone, what is granted is granted again. Sources: the gcloud and
firebase reference pages of the commands themselves; cloud.google.com/firestore/docs/backups for the backups.
"""

from __future__ import annotations

from dataclasses import dataclass

from imagesfactory.kit.settings import REGION

from local.deployment import accounts, alerts, declared
from local.deployment.accounts import ARCHIVE, DEFAULT, address
from local.deployment.steps import Command, Stage, Step

SERVICES = [
    "artifactregistry",
    "cloudbuild",
    "cloudfunctions",
    "cloudscheduler",
    "cloudtasks",
    "eventarc",
    "firebaseappcheck",
    "firebaserules",
    "firebasestorage",
    "firestore",
    "iam",
    "identitytoolkit",
    "logging",
    "monitoring",
    "pubsub",
    "run",
    "secretmanager",
    "storage",
]
BACKUP_DAYS = 7
"""How long a daily backup is kept: what was erased is gone from the last backup after so many days as well."""
LIFECYCLE_FILE = "storage.lifecycle.json"


@dataclass(frozen=True)
class Target:
    """Where to deploy."""

    project: str
    billing_account: str = ""
    """Without it there is no budget alert."""
    budget: str = "1000000KRW"
    """Monthly; at half, at nine tenths and at the whole of it somebody is told."""
    channel: str = ""
    """Name of the notification channel in Monitoring; without it there are no alerts."""

    @property
    def bucket(self) -> str:
        """The bucket of images."""
        return f"{self.project}.firebasestorage.app"

    @property
    def here(self) -> str:
        """The flag that names the project."""
        return f"--project={self.project}"


def stages(target: Target) -> tuple[Stage, ...]:
    """Everything, in order."""
    return (
        Stage("project", "The services that the backend stands on.", _project(target)),
        Stage("databases", "One for what members use, one for what only the law keeps.", _databases(target)),
        Stage("bucket", "Images: private, gone for good when deleted.", _bucket(target)),
        Stage("accounts", "Who acts, and the least that each may.", accounts.steps(target.project, target.bucket)),
        Stage("secrets", "Keys of the providers; read by the functions that declare them.", _secrets(target)),
        Stage("deploy", "Rules, indexes and functions; queues and schedules come with the functions.", _deploy(target)),
        Stage(
            "invokers", "Task functions answer our queues only; triggers may call their functions.", _invokers(target)
        ),
        Stage("backups", f"Daily, kept {BACKUP_DAYS} days, for both databases.", _backups(target)),
        Stage("alerts", "What wakes somebody (alerts.yaml), and what it may cost.", _watched(target)),
        Stage("outside", "What only a person can do, in the consoles of Google and the providers.", _outside(target)),
    )


def _project(target: Target) -> tuple[Step, ...]:
    names = tuple(f"{service}.googleapis.com" for service in SERVICES)
    return (
        Step("enable services", (("gcloud", "services", "enable", *names, target.here),)),
        Step(
            "upgrade Authentication to Identity Platform",
            by_hand="Firebase console > Authentication > Settings: upgrade (blocking functions need it), then enable "
            "the providers E-mail/Password and Google, and switch on e-mail enumeration protection.",
        ),
    )


def _databases(target: Target) -> tuple[Step, ...]:
    return tuple(
        Step(
            f"database {database}",
            (
                (
                    *("gcloud", "firestore", "databases", "create", f"--database={database}", f"--location={REGION}"),
                    *("--type=firestore-native", "--delete-protection", target.here),
                ),
            ),
            done_if=("gcloud", "firestore", "databases", "describe", f"--database={database}", target.here),
        )
        for database in (DEFAULT, ARCHIVE)
    )


def _bucket(target: Target) -> tuple[Step, ...]:
    name = f"gs://{target.bucket}"
    update: Command = (
        *("gcloud", "storage", "buckets", "update", name, "--uniform-bucket-level-access"),
        *("--public-access-prevention", "--clear-soft-delete", "--no-versioning"),
        f"--lifecycle-file={LIFECYCLE_FILE}",
    )
    return (
        Step(
            "make the default bucket",
            by_hand=f"Firebase console > Storage > Get started, in {REGION}: it makes {name}.",
            done_if=("gcloud", "storage", "buckets", "describe", name),
        ),
        Step("close the bucket, keep no deleted versions, set the lifecycle", (update,)),
    )


def _secrets(target: Target) -> tuple[Step, ...]:
    return tuple(
        Step(
            f"secret {secret}",
            (("firebase", "functions:secrets:set", secret, "--project", target.project),),
            done_if=("gcloud", "secrets", "describe", secret, target.here),
        )
        for secret in declared.secrets()
    )


def _deploy(target: Target) -> tuple[Step, ...]:
    deploy: Command = ("firebase", "deploy", "--project", target.project, "--only", "firestore,storage,functions")
    return (
        Step(
            "parameters",
            by_hand=f"Copy functions/.env.demo-imagesfactory to functions/.env.{target.project}; fill in the officer, "
            "the company's address and telephone, the publishable keys; the file is not a secret and may be committed.",
        ),
        Step("rules, indexes, functions", (deploy,)),
    )


def _invokers(target: Target) -> tuple[Step, ...]:
    callers = [(one, "tasks-invoker") for one in declared.functions() if one.is_task]
    callers += [(one, one.account) for one in declared.functions() if one.is_trigger]
    return tuple(
        Step(f"{caller} may call {function.name}", (_may_call(function.service, caller, target),))
        for function, caller in callers
    )


def _may_call(service: str, caller: str, target: Target) -> Command:
    return (
        *("gcloud", "run", "services", "add-iam-policy-binding", service, f"--region={REGION}", target.here),
        *(f"--member=serviceAccount:{address(caller, target.project)}", "--role=roles/run.invoker"),
    )


def _backups(target: Target) -> tuple[Step, ...]:
    return tuple(
        Step(
            f"daily backup of {database}",
            (
                (
                    *("gcloud", "firestore", "backups", "schedules", "create", f"--database={database}"),
                    *("--recurrence=daily", f"--retention={BACKUP_DAYS}d", target.here),
                ),
            ),
            done_if=(
                *("gcloud", "firestore", "backups", "schedules", "list", f"--database={database}", target.here),
                "--format=value(name)",
            ),
        )
        for database in (DEFAULT, ARCHIVE)
    )


def _watched(target: Target) -> tuple[Step, ...]:
    if not target.channel:
        make = "gcloud beta monitoring channels create --type=email --channel-labels=email_address=..."
        alert_steps: tuple[Step, ...] = (
            Step("who is told", by_hand=f"{make} and give its name as --channel; then the alerts appear here."),
        )
    else:
        alert_steps = alerts.steps(target.project, target.channel)
    return (*alert_steps, _budget(target))


def _budget(target: Target) -> Step:
    if not target.billing_account:
        return Step("budget", by_hand="Give --billing-account, and a monthly budget with its alerts appears here.")
    rules = tuple(f"--threshold-rule=percent={share}" for share in ("0.5", "0.9", "1.0"))
    account, name = f"--billing-account={target.billing_account}", f"--display-name={target.project}"
    return Step(
        f"budget of {target.budget} a month",
        (
            (
                *("gcloud", "billing", "budgets", "create", account, name, f"--budget-amount={target.budget}"),
                *(*rules, f"--filter-projects=projects/{target.project}"),
            ),
        ),
        done_if=(
            *("gcloud", "billing", "budgets", "list", account, f"--filter=displayName={target.project}"),
            "--format=value(name)",
        ),
    )


def _outside(target: Target) -> tuple[Step, ...]:
    public = f"https://{REGION}-{target.project}.cloudfunctions.net"
    return (
        Step(
            "Stripe's webhook",
            by_hand=f"Stripe dashboard > Developers > Webhooks: {public}/stripe_webhook with the events of "
            "vendors/stripe_webhook.py; its signing secret is STRIPE_WEBHOOK_SECRET.",
        ),
        Step("Toss Payments' webhook", by_hand=f"Toss developer centre > Webhooks: {public}/toss_webhook."),
        Step(
            "SendGrid's event webhook",
            by_hand=f"SendGrid > Settings > Mail Settings > Event Webhook: {public}/mail_events, signed; its public "
            "key is SENDGRID_EVENTS_KEY. Authenticate the sending domain (SPF, DKIM, DMARC).",
        ),
        Step(
            "App Check",
            by_hand="Firebase console > App Check: register each app (Play Integrity, App Attest, reCAPTCHA "
            f"Enterprise), watch its metrics a week, then APP_CHECK_REQUIRED=true in functions/.env.{target.project}.",
        ),
        Step(
            "first staff",
            by_hand=f"python -m local.staff ADDRESS --give officer --project {target.project} --reason '...' --apply",
        ),
    )
