"""The deployed functions: names only. What each does is behind its door."""

from imagesfactory.doors.callables import cancel_job, complete_signup, create_job, get_catalog
from imagesfactory.doors.identity import before_create, before_sign_in
from imagesfactory.doors.schedules import sweep
from imagesfactory.doors.tasks import deliver, generate
from imagesfactory.doors.triggers import on_job_created, on_mail_created

__all__ = [
    "before_create",
    "before_sign_in",
    "cancel_job",
    "complete_signup",
    "create_job",
    "deliver",
    "generate",
    "get_catalog",
    "on_job_created",
    "on_mail_created",
    "sweep",
]
