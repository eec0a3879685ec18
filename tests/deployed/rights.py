"""Holds what a function was seen to ask of Google against the account it acts as: no emulator refuses what IAM would.

Source: cloud.google.com/iam/docs/roles-permissions, of firebaseauth, datastore, storage, cloudtasks and
cloudmessaging.
"""

from __future__ import annotations

from collections.abc import Iterable

from local.deployment import declared
from local.deployment.accounts import ACCOUNTS, MAY_ENQUEUE, Account
from tests.deployed.outside_calls import OutsideCall
from tests.deployed.surroundings import Surroundings

SIGN_INS = {
    "lookup": "firebaseauth.users.get",
    "delete": "firebaseauth.users.delete",
    "update": "firebaseauth.users.update",
    "createSessionCookie": "firebaseauth.users.createSession",
}
"""What each method of the directory demands; another one has to be written down here."""


def beyond(function: str, calls: Iterable[OutsideCall], surroundings: Surroundings) -> set[OutsideCall]:
    """Those calls of ``function`` that production would refuse."""
    (name,) = (one.account for one in declared.functions() if one.name == function)
    (account,) = (one for one in ACCOUNTS if one.name == name)
    return {call for call in calls if not _may(account, call, surroundings)}


def _may(account: Account, call: OutsideCall, surroundings: Surroundings) -> bool:
    path = call.path.partition("?")[0]
    if call.to == surroundings.firestore.address:
        return path.rpartition("/")[2] in account.databases
    if call.to == surroundings.emulators.auth:
        return SIGN_INS[path.rpartition(":")[2]] in account.permissions
    if call.to == surroundings.emulators.storage:
        is_of_files = f"/storage/v1/b/{surroundings.bucket}/o" in path  # the bucket itself is out of their reach
        return is_of_files and account.bucket_role == "roles/storage.objectUser"
    if call.to == surroundings.tasks.address:
        return account.name in MAY_ENQUEUE and "roles/cloudtasks.enqueuer" in account.roles
    if f"http://{call.to}" == surroundings.doubles.addresses.fcm_url:
        return "cloudmessaging.messages.create" in account.permissions
    return True
