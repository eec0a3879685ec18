"""The deployment, from an empty project to production, in the order in which it has to be done.

Every command may be repeated: what exists is left alone, what is granted is granted again. Sources: the gcloud and
firebase reference pages of the commands themselves; cloud.google.com/firestore/docs/backups for the backups;
firebase.google.com/docs/reference/appcheck/rest for App Check.
"""

from __future__ import annotations

from dataclasses import dataclass

from imagesfactory.kit.settings import REGION

from local.deployment import accounts, alerts, audit, declared
from local.deployment.accounts import ARCHIVE, DEFAULT, KEYS_OF_PROVIDERS, OPERATOR, address
from local.deployment.steps import Command, Stage, Step, written

SERVICES = [
    "artifactregistry",
    "billingbudgets",
    "cloudbuild",
    "cloudfunctions",
    "cloudresourcemanager",
    "cloudscheduler",
    "cloudtasks",
    "eventarc",
    "fcm",
    "firebase",
    "firebaseappcheck",
    "firebaserules",
    "firebasestorage",
    "firestore",
    "iam",
    "iamcredentials",
    "identitytoolkit",
    "logging",
    "monitoring",
    "pubsub",
    "run",
    "secretmanager",
    "storage",
]
AT_ONCE = 20
"""How many services one command may enable (cloud.google.com/service-usage/docs/reference/rest, batchEnable)."""
OWN_KEY = "PSEUDONYM_KEY"
"""The secret that no provider gives: it is made here, and never rotated, as every hash made with it would point
nowhere."""
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
    def public(self) -> str:
        """Where functions that are open to the world will be reached."""
        return f"https://{REGION}-{self.project}.cloudfunctions.net"

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
        Stage("audit", "Who looked at what past our own log (audit.py).", audit.steps(target.project)),
        Stage(
            "endpoints",
            "Webhooks, registered before their functions are there: they give us secrets.",
            _endpoints(target),
        ),
        Stage("secrets", "Keys of the providers; read by the functions that declare them.", _secrets(target)),
        Stage("deploy", "Rules, indexes and functions; queues and schedules come with the functions.", _deploy(target)),
        Stage(
            "invokers", "Task functions answer our queues only; triggers may call their functions.", invokers(target)
        ),
        Stage("backups", f"Daily, kept {BACKUP_DAYS} days, for both databases.", _backups(target)),
        Stage("alerts", "What wakes somebody (alerts.yaml), and what it may cost.", _watched(target)),
        Stage("outside", "What only a person can do, once the functions run.", _outside(target)),
    )


def _project(target: Target) -> tuple[Step, ...]:
    names = [f"{service}.googleapis.com" for service in SERVICES]
    parts = [names[first : first + AT_ONCE] for first in range(0, len(names), AT_ONCE)]
    return (
        Step("enable services", tuple(("gcloud", "services", "enable", *part, target.here) for part in parts)),
        Step(
            "make it a Firebase project",
            (("firebase", "projects:addfirebase", target.project),),
            done_if=("firebase", "apps:list", "--project", target.project),
        ),
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
                    *("--type=firestore-native", "--delete-protection", "--enable-pitr", target.here),
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


def _endpoints(target: Target) -> tuple[Step, ...]:
    return (
        Step(
            "Stripe's webhook",
            by_hand=f"Stripe dashboard > Developers > Webhooks: {target.public}/stripe_webhook with the events of "
            "vendors/stripe_webhook.py; its signing secret is STRIPE_WEBHOOK_SECRET, which is asked for below.",
            done_if=_has_secret("STRIPE_WEBHOOK_SECRET", target),
        ),
        Step(
            "Toss Payments' webhook",
            by_hand=f"Toss developer centre > Webhooks: {target.public}/toss_webhook.",
            done_if=_has_secret("TOSS_SECRET_KEY", target),
        ),
        Step(
            "SendGrid's event webhook",
            by_hand=f"SendGrid > Settings > Mail Settings > Event Webhook: {target.public}/mail_events, signed; its "
            "public key is SENDGRID_EVENTS_KEY, which is asked for below. Authenticate the sending domain (SPF, DKIM, "
            "DMARC).",
            done_if=_has_secret("SENDGRID_EVENTS_KEY", target),
        ),
    )


def _secrets(target: Target) -> tuple[Step, ...]:
    reader = f"--member=serviceAccount:{address(OPERATOR, target.project)}"
    readable = [
        Step(
            f"{OPERATOR} reads {name}",
            (
                (
                    *("gcloud", "secrets", "add-iam-policy-binding", name, target.here, reader),
                    "--role=roles/secretmanager.secretAccessor",
                ),
            ),
        )
        for name in KEYS_OF_PROVIDERS
    ]
    return (*(_secret(secret, target) for secret in declared.secrets()), *readable)


def _secret(name: str, target: Target) -> Step:
    command: Command = ("firebase", "functions:secrets:set", name, "--project", target.project)
    done_if = _has_secret(name, target)
    if name == OWN_KEY:
        return Step(f"secret {name}", ((*command, "--data-file", "{key}"),), done_if=done_if, random_file="key")
    return Step(f"secret {name}", (command,), done_if=done_if)


def _has_secret(name: str, target: Target) -> Command:
    """Whether it has a value; one that was begun and left has none."""
    return (
        "gcloud",
        "secrets",
        "versions",
        "list",
        name,
        target.here,
        "--filter=state=ENABLED",
        "--format=value(name)",
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


def invokers(target: Target) -> tuple[Step, ...]:
    """Let our queues call the task functions, and each trigger its function."""
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
    return tuple(daily_backup(target, database) for database in (DEFAULT, ARCHIVE))


def daily_backup(target: Target, database: str) -> Step:
    """Back a database up every day; the schedule goes with the database."""
    schedules = ("gcloud", "firestore", "backups", "schedules")
    where = (f"--database={database}", target.here)
    return Step(
        f"daily backup of {database}",
        ((*schedules, "create", *where, "--recurrence=daily", f"--retention={BACKUP_DAYS}d"),),
        done_if=(*schedules, "list", *where, "--format=value(name)"),
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
    enforce = (
        "https://firebaseappcheck.googleapis.com/v1beta/projects/NUMBER/services/SERVICE?updateMask=enforcementMode"
    )
    return (
        Step(
            "App Check",
            by_hand="Firebase console > App Check: register each app (Play Integrity, App Attest, reCAPTCHA "
            "Enterprise) and watch its metrics for a week. Then demand it, everywhere that clients reach: "
            f"APP_CHECK_REQUIRED=true in functions/.env.{target.project} and a deployment for the callables; App Check "
            "> APIs > Enforce for Cloud Firestore, Storage and Authentication, which our functions cannot guard "
            f'(or PATCH {enforce} with {{"enforcementMode": "ENFORCED"}} for firestore, firebasestorage and '
            "identitytoolkit.googleapis.com).",
        ),
        Step(
            "operators",
            by_hand="Let somebody borrow the operators' account for an hour, a day, a leave; it ends by itself:\n      "
            + written(_borrowing(target)),
        ),
        Step(
            "first staff",
            by_hand=f"python -m local.staff ADDRESS --give officer --project {target.project} --reason '...' --apply",
        ),
    )


def _borrowing(target: Target) -> Command:
    until = 'expression=request.time < timestamp("2026-11-25T18:00:00Z"),title=until-then'
    return (
        *("gcloud", "iam", "service-accounts", "add-iam-policy-binding", address(OPERATOR, target.project)),
        *(target.here, "--member=user:ADDRESS", "--role=roles/iam.serviceAccountTokenCreator"),
        f"--condition={until}",
    )
