"""What a month costs, line by line, in US dollars."""

from __future__ import annotations

from local.scale.demand import DAYS_KEPT, Demand
from local.scale.figures import figures, habit, work

GIB = 2**30
VCPU = 1
WORKER_GIB, DOOR_GIB = 1.0, 0.5
WORKER_CONCURRENCY = 8
FILLED = 0.6
"""How full instances are on average: what is paid for but idle."""


def monthly(demand: Demand) -> dict[str, float]:
    """Every line of the bill; the providers' part is what members pay for with points."""
    return {
        "images: OpenAI": demand.images * habit("openai_share") * _each("openai_image"),
        "images: Stability AI": demand.images * (1 - habit("openai_share")) * _each("stability_image"),
        "payment fees": _fees(demand),
        "mail": (demand.jobs + demand.purchases) * _each("mail"),
        "sign-ins": _beyond(demand.active, "sign_ins") * _each("sign_in_month"),
        "Firestore": _firestore(demand),
        "functions": _functions(demand),
        "queue": (demand.images + demand.jobs + 2 * demand.purchases) * _each("tasks"),
        "bucket": _bucket(demand),
        "traffic": _traffic(demand),
    }


def _firestore(demand: Demand) -> float:
    reads = demand.total("reads") + demand.jobs * habit("job_versions_watched") + 30 * demand.members
    operations = {
        "firestore_reads": reads,  # the sweep looks at every account once a day
        "firestore_writes": demand.total("writes"),
        "firestore_deletes": demand.total("left"),
    }
    charged = sum(_beyond(count, name) * _each(name) for name, count in operations.items())
    return charged + demand.records_standing * work("document_bytes") / GIB * _each("firestore_gib_month")


def _functions(demand: Demand) -> float:
    doors = demand.total("seconds") / FILLED
    workers = demand.images * work("image_seconds") / WORKER_CONCURRENCY / FILLED
    calls = demand.sign_ins + demand.pages + 3 * demand.jobs + demand.images + 4 * demand.purchases
    memory = doors * DOOR_GIB + workers * WORKER_GIB
    return (doors + workers) * VCPU * _each("vcpu_seconds") + memory * _each("gib_seconds") + calls * _each("requests")


def _bucket(demand: Demand) -> float:
    standing = demand.images * DAYS_KEPT["image"] / 30.44 * work("image_bytes") / GIB
    reads = demand.images * (habit("image_views") + 1)
    return (
        standing * _each("storage_gib_month") + demand.images * _each("storage_writes") + reads * _each("storage_reads")
    )


def _fees(demand: Demand) -> float:
    toss = demand.purchases * habit("toss_share")
    stripe = demand.purchases - toss
    shares = toss * _each("toss_per_dollar") + stripe * _each("stripe_per_dollar")
    return shares * habit("purchase_dollars") + stripe * _each("stripe_payment")


def _traffic(demand: Demand) -> float:
    """Apps fetch images from the bucket; letters leave from the functions."""
    viewed = demand.images * habit("image_views") * work("image_bytes")
    mailed = demand.jobs * work("mail_bytes")
    return (viewed * _each("bucket_egress_gib") + mailed * _each("function_egress_gib")) / GIB


def _each(name: str) -> float:
    return figures().prices[name].each


def _beyond(count: float, free: str) -> float:
    return max(0.0, count - figures().free[free])
