"""Who sits at the terminal, as the access log has to know them."""

from __future__ import annotations

import getpass

from imagesfactory.staff.model import Role, StaffMember


def operator_here() -> StaffMember:
    """The user of this machine. Which Google account borrowed the operators' one is in Google's own log (audit)."""
    return StaffMember(f"terminal:{getpass.getuser()}", Role.OPERATOR, "")
