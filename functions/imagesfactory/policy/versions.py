"""Which versions of the terms and the privacy policy are in force: the clock says so, not the deployment."""

from __future__ import annotations

from imagesfactory.kit.clock import Clock, legal_day
from imagesfactory.policy.company import Company, company


class VersionsByClock:
    """The versions in force whenever they are asked for; an instance may live over a midnight."""

    def __init__(self, clock: Clock, facts: Company | None = None) -> None:
        self._clock = clock
        self._facts = facts or company()

    @property
    def terms(self) -> str:
        """The version of the terms."""
        return self._facts.terms_on(legal_day(self._clock.now()))

    @property
    def privacy(self) -> str:
        """The version of the privacy policy."""
        return self._facts.privacy_policy_on(legal_day(self._clock.now()))
