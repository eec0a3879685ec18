"""Does on a laptop what Cloud Scheduler does: fires the scheduled functions of scheduler.yaml, with retries."""

from local.scheduler.clock import Clock, SystemClock
from local.scheduler.firing import Firing, RunFailed
from local.scheduler.scheduler import Scheduler
from local.scheduler.schedules import Schedule, ScheduleInvalid, read_schedules
from local.scheduler.targets import EmulatorTargets, TargetMissing

__all__ = [
    "Clock",
    "EmulatorTargets",
    "Firing",
    "RunFailed",
    "Schedule",
    "ScheduleInvalid",
    "Scheduler",
    "SystemClock",
    "TargetMissing",
    "read_schedules",
]
