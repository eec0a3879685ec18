"""Cloud Audit Logs of looks at data, secrets and borrowed accounts: Google writes none of them unless it is told to.

Sources: cloud.google.com/logging/docs/audit/configure-data-access; cloud.google.com/firestore/docs/audit-logging (what
is set for datastore holds for Firestore); cloud.google.com/iam/docs/audit-logging (likewise iam for borrowed accounts).
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from imagesfactory.kit.settings import REGION

from local.deployment.accounts import ACCOUNTS, address
from local.deployment.steps import EDITED, Command, Edit, Step

BUCKET: Final = "audit"
LOG: Final = "cloudaudit.googleapis.com/data_access"
DAYS: Final = 732
"""Two years and the rest of a day, as long as our own log of looks lives (policy/retention.yaml, access_log)."""
KINDS: Final = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
OF_DATA: Final = ("datastore.googleapis.com", "storage.googleapis.com")
"""Here our functions are left out: what they do for whom is in our own log, and each of their reads would be a line."""
OF_POWER: Final = ("iam.googleapis.com", "identitytoolkit.googleapis.com", "secretmanager.googleapis.com")


def steps(project: str) -> tuple[Step, ...]:
    """Have the logs written, and kept apart from the functions' own, which need not live as long."""
    here, policy = f"--project={project}", ("gcloud", "projects")
    edit = Edit(
        read=(*policy, "get-iam-policy", project, "--format=json"),
        change=partial(with_audit_logs, project=project),
        write=(*policy, "set-iam-policy", project, EDITED),
    )
    where = (f"--location={REGION}", here)
    make: Command = ("gcloud", "logging", "buckets", "create", BUCKET, *where, f"--retention-days={DAYS}")
    sink: Command = (
        *("gcloud", "logging", "sinks", "create", BUCKET),
        f"logging.googleapis.com/projects/{project}/locations/{REGION}/buckets/{BUCKET}",
        *(f'--log-filter=log_id("{LOG}")', here),
    )
    return (
        Step("write audit logs of Firestore, Storage, Secret Manager, sign-ins and accounts", edit=edit),
        Step(f"keep them {DAYS} days", (make,), done_if=("gcloud", "logging", "buckets", "describe", BUCKET, *where)),
        Step("route them there", (sink,), done_if=("gcloud", "logging", "sinks", "describe", BUCKET, here)),
    )


def with_audit_logs(policy: dict[str, Any], project: str) -> dict[str, Any]:
    """The project's IAM policy with these logs on; what it says of other services stays as it is."""
    ours = [address(account.name, project) for account in ACCOUNTS if account.databases and not account.is_borrowed]
    exempt = {"exemptedMembers": [f"serviceAccount:{one}" for one in ours]}
    wanted = {service: _config(service, exempt) for service in OF_DATA} | {
        service: _config(service, {}) for service in OF_POWER
    }
    before = policy.get("auditConfigs", [])
    kept = [wanted.pop(one["service"], one) for one in before]
    return {**policy, "auditConfigs": [*kept, *wanted.values()]}


def _config(service: str, exempt: dict[str, list[str]]) -> dict[str, Any]:
    return {"service": service, "auditLogConfigs": [{"logType": kind, **exempt} for kind in KINDS]}
