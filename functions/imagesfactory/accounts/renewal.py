"""Agreeing anew to the terms or the privacy policy after a change that asks for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.accounts import model
from imagesfactory.accounts.errors import PolicyVersionOutdated
from imagesfactory.accounts.model import Consent, ConsentKind, VersionsInForce
from imagesfactory.accounts.store import AccountStore, profile_from
from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from google.cloud.firestore import Client


class ConsentRenewal:
    """Appends consents to a version in force."""

    def __init__(self, client: Client, versions: VersionsInForce) -> None:
        self._client = client
        self._store = AccountStore(client)
        self._versions = versions

    def agree(self, uid: str, document: str, version: str, channel: str, now: datetime) -> None:
        """Record that the member agrees to the version in force of ``document`` (terms or privacy), once.

        Raises:
            AccountUnknown, AccountNotActive, AccountSuspended
            PolicyVersionOutdated: another version is in force.

        """
        kind = ConsentKind(document)
        in_force = self._versions.terms if kind is ConsentKind.TERMS else self._versions.privacy
        if version != in_force:
            raise PolicyVersionOutdated(current_terms=self._versions.terms, current_privacy=self._versions.privacy)
        consent = Consent(kind, True, version, now, channel)
        unit_of_work.run(self._client, partial(self._agree, uid=uid, consent=consent))
        log.info("consent.renewed", uid=uid, code=document)

    def _agree(self, unit: UnitOfWork, uid: str, consent: Consent) -> None:
        (snapshot,) = unit.read(self._store.reference(uid))
        profile = model.active(profile_from(snapshot))
        before = {one.kind: one for one in profile.consents}
        known = before.get(consent.kind)
        if known is not None and known.is_granted and known.version == consent.version:
            return
        self._store.update(unit, replace(profile, consents=tuple({**before, consent.kind: consent}.values())))
        self._store.append_consents(unit, uid, (consent,))
