"""Who acts in the project, and the least that each may: one service account for each kind of trust.

Sources: cloud.google.com/iam/docs/understanding-roles; cloud.google.com/firestore/docs/manage-databases (conditions
that bind a role to one database).
"""

from __future__ import annotations

from dataclasses import dataclass

from imagesfactory.kit.settings import SECRETS_OF_PAYMENTS

from local.deployment.steps import Command, Step

DEFAULT, ARCHIVE = "(default)", "archive"
OPERATOR = "operator"
KEYS_OF_PROVIDERS = tuple(name for name in SECRETS_OF_PAYMENTS if name.endswith("_SECRET_KEY"))
"""Secrets that operators may read, to ask the payment providers."""


@dataclass(frozen=True)
class Account:
    """A service account: the databases it reaches, its roles in the project and at the bucket."""

    name: str
    title: str
    databases: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    bucket_role: str = ""
    permissions: tuple[str, ...] = ()
    """Bundled in a role of its own where Google's roles would give more; tests/deployed holds the functions to them."""
    is_borrowed: bool = False
    """Whether people act as it, for as long as somebody lets them; no function does."""


_RUNS_FUNCTIONS = ("roles/logging.logWriter", "roles/cloudtasks.enqueuer", "roles/eventarc.eventReceiver")
ACCOUNTS = (
    Account(
        name="backend",
        title="Most functions: the default database, the bucket, the queues, pushes; a member's own sign-in on my page",
        databases=(DEFAULT,),
        roles=_RUNS_FUNCTIONS,
        bucket_role="roles/storage.objectUser",
        permissions=("cloudmessaging.messages.create", "firebaseauth.users.get"),
    ),
    Account(
        name="keeper",
        title="Withdrawal, purge and sweep: the archive as well, removing sign-ins and ending sessions",
        databases=(DEFAULT, ARCHIVE),
        roles=_RUNS_FUNCTIONS,
        bucket_role="roles/storage.objectUser",
        permissions=("firebaseauth.users.get", "firebaseauth.users.delete", "firebaseauth.users.update"),
    ),
    Account(
        name="officer",
        title="Suspension of a member: the default database, and ending sessions",
        databases=(DEFAULT,),
        roles=("roles/logging.logWriter",),
        permissions=("firebaseauth.users.get", "firebaseauth.users.update"),
    ),
    Account(
        name="sessions",
        title="Session cookies of websites: sign-ins only, no database",
        roles=("roles/logging.logWriter",),
        permissions=("firebaseauth.users.get", "firebaseauth.users.createSession", "firebaseauth.users.update"),
    ),
    Account(
        name=OPERATOR,
        title="The commands of operators: reads both databases and the files, changes roles of staff",
        databases=(DEFAULT, ARCHIVE),
        bucket_role="roles/storage.objectViewer",
        permissions=("firebaseauth.users.get", "firebaseauth.users.update"),
        is_borrowed=True,
    ),
    Account(name="tasks-invoker", title="What Cloud Tasks signs its calls with: may call the task functions, no more"),
)
MAY_ENQUEUE = ("backend", "keeper")
"""Whoever makes a task that is signed by tasks-invoker must be allowed to act as it."""


def address(name: str, project: str) -> str:
    """The e-mail address of a service account."""
    return f"{name}@{project}.iam.gserviceaccount.com"


def steps(project: str, bucket: str) -> tuple[Step, ...]:
    """Make every account and grant what it may."""
    made = [_made(account, project) for account in ACCOUNTS]
    granted = [step for account in ACCOUNTS for step in _granted(account, project, bucket)]
    return (*made, *granted, *(_may_enqueue(name, project) for name in MAY_ENQUEUE))


def _made(account: Account, project: str) -> Step:
    here = f"--project={project}"
    make: Command = (
        *("gcloud", "iam", "service-accounts", "create", account.name, here),
        f"--display-name={account.title[:100]}",
    )
    describe: Command = ("gcloud", "iam", "service-accounts", "describe", address(account.name, project), here)
    return Step(f"service account {account.name}", (make,), done_if=describe)


def _granted(account: Account, project: str, bucket: str) -> list[Step]:
    member = f"--member=serviceAccount:{address(account.name, project)}"
    granted = [
        Step(f"{account.name} reaches database {database}", (_database_role(project, member, database),))
        for database in account.databases
    ]
    granted += [Step(f"{account.name} has {role}", (_role(project, member, role),)) for role in account.roles]
    if account.bucket_role:
        command: Command = (
            *("gcloud", "storage", "buckets", "add-iam-policy-binding", f"gs://{bucket}"),
            *(member, f"--role={account.bucket_role}"),
        )
        granted.append(Step(f"{account.name} keeps files in the bucket", (command,)))
    if account.permissions:
        granted += _own_role(account, project, member)
    return granted


def _database_role(project: str, member: str, database: str) -> Command:
    name = "default" if database == DEFAULT else database
    condition = f'expression=resource.name=="projects/{project}/databases/{database}",title=only-{name}'
    return (*_role(project, member, "roles/datastore.user")[:-1], f"--condition={condition}")


def _role(project: str, member: str, role: str) -> Command:
    return (
        *("gcloud", "projects", "add-iam-policy-binding", project),
        *(member, f"--role={role}", "--condition=None"),
    )


def _own_role(account: Account, project: str, member: str) -> tuple[Step, Step, Step]:
    role, here = f"{account.name}_own", f"--project={project}"
    permissions = f"--permissions={','.join(account.permissions)}"
    make: Command = ("gcloud", "iam", "roles", "create", role, here, permissions, "--stage=GA")
    describe: Command = ("gcloud", "iam", "roles", "describe", role, here)
    # One made by an earlier deployment may have had others.
    update: Command = ("gcloud", "iam", "roles", "update", role, here, permissions, "--quiet")
    return (
        Step(f"role {role}", (make,), done_if=describe),
        Step(f"role {role}: {', '.join(account.permissions)}", (update,)),
        Step(f"{account.name} has {role}", (_role(project, member, f"projects/{project}/roles/{role}"),)),
    )


def _may_enqueue(name: str, project: str) -> Step:
    command: Command = (
        *("gcloud", "iam", "service-accounts", "add-iam-policy-binding", address("tasks-invoker", project)),
        *(f"--member=serviceAccount:{address(name, project)}", "--role=roles/iam.serviceAccountUser"),
        f"--project={project}",
    )
    return Step(f"{name} may sign tasks as tasks-invoker", (command,))
