"""Alerts as Cloud Monitoring takes them, made from alerts.yaml: one policy for each kind of line, one for each silence.

Sources: cloud.google.com/logging/docs/alerting/log-based-alerts; cloud.google.com/monitoring/alerts/concepts-indepth.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from local.deployment.steps import Step

FILE = Path(__file__).with_name("alerts.yaml")
_FUNCTIONS = 'resource.type="cloud_run_revision"'
"""Functions of the second generation log as the Cloud Run services they are."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Alert(_Record):
    """Lines that somebody must see, and what to do then."""

    name: str
    any_of: tuple[str, ...] = Field(min_length=1)
    minutes: int = Field(ge=5)
    severity: str = "WARNING"
    """The least severe line that counts."""
    remedy: str


class Heartbeat(_Record):
    """A line whose absence somebody must hear of. Monitoring looks back at most 23.5 hours, and a line needs room to be
    late in: what comes once a day cannot be heard so (cloud.google.com/monitoring/alerts/metric-absence).
    """

    name: str
    event: str
    hours: int = Field(ge=1, le=12)
    remedy: str


class Alerts(_Record):
    """The whole file."""

    alerts: tuple[Alert, ...]
    heartbeats: tuple[Heartbeat, ...]


@cache
def alerts() -> Alerts:
    """What alerts.yaml says."""
    return Alerts.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def steps(project: str, channel: str) -> tuple[Step, ...]:
    """One policy for each alert; ``channel`` is the notification channel's name in Monitoring."""
    lines = [_policy_step(alert.name, _of_lines(alert, channel), project) for alert in alerts().alerts]
    silences = [step for heartbeat in alerts().heartbeats for step in _of_heartbeat(heartbeat, project, channel)]
    return (*lines, *silences)


def line_filter(events: tuple[str, ...], severity: str) -> str:
    """The filter that finds those lines of the functions' logs; one with no field but its message is kept as text."""
    names = " OR ".join(f'"{event}"' for event in events)
    return f"{_FUNCTIONS} AND severity>={severity} AND (jsonPayload.message=({names}) OR textPayload=({names}))"


def _of_lines(alert: Alert, channel: str) -> dict[str, Any]:
    condition = {"conditionMatchedLog": {"filter": line_filter(alert.any_of, alert.severity)}}
    strategy = {"notificationRateLimit": {"period": f"{alert.minutes * 60}s"}, "autoClose": "86400s"}
    return _policy(alert.name, alert.remedy, condition, channel) | {"alertStrategy": strategy}


def _of_heartbeat(heartbeat: Heartbeat, project: str, channel: str) -> tuple[Step, Step]:
    metric, here = heartbeat.name, f"--project={project}"
    counted = Step(
        f"metric {metric}: lines {heartbeat.event}",
        (
            (
                *("gcloud", "logging", "metrics", "create", metric, here),
                f"--description={heartbeat.event}",
                f"--log-filter={line_filter((heartbeat.event,), 'INFO')}",
            ),
        ),
        done_if=("gcloud", "logging", "metrics", "describe", metric, here),
    )
    condition = {
        "conditionAbsent": {
            "filter": f'{_FUNCTIONS} AND metric.type="logging.googleapis.com/user/{metric}"',
            "duration": f"{heartbeat.hours * 3600}s",
            "aggregations": [
                {"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_DELTA", "crossSeriesReducer": "REDUCE_SUM"}
            ],
        }
    }
    return counted, _policy_step(metric, _policy(metric, heartbeat.remedy, condition, channel), project)


def _policy(name: str, remedy: str, condition: dict[str, Any], channel: str) -> dict[str, Any]:
    return {
        "displayName": name,
        "documentation": {"content": remedy, "mimeType": "text/markdown"},
        "combiner": "OR",
        "conditions": [{"displayName": name, **condition}],
        "notificationChannels": [channel],
    }


def _policy_step(name: str, policy: dict[str, Any], project: str) -> Step:
    here = f"--project={project}"
    return Step(
        f"alert {name}",
        (("gcloud", "monitoring", "policies", "create", here, "--policy-from-file={policy.json}"),),
        done_if=(
            "gcloud",
            "monitoring",
            "policies",
            "list",
            here,
            f"--filter=displayName={name}",
            "--format=value(name)",
        ),
        files={"policy.json": json.dumps(policy, ensure_ascii=False, indent=2)},
    )
