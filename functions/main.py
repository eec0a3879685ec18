"""The deployed functions: names only. What each does is behind its door."""

from imagesfactory.doors.callables import cancel_job, complete_signup, create_job, get_catalog
from imagesfactory.doors.callables_devices import register_device, remove_device
from imagesfactory.doors.callables_notices import agree_to_policy, announce_change, begin_campaign, get_policy_state
from imagesfactory.doors.callables_officer import (
    close_account_for_guardian,
    decide_correction,
    list_accesses,
    list_corrections,
    list_disclosures,
    record_disclosure,
)
from imagesfactory.doors.callables_payments import (
    confirm_toss_payment,
    create_order,
    get_order,
    get_packs,
    get_receipt,
    get_settlement,
    list_orders,
    redeem_coupon,
    request_refund,
)
from imagesfactory.doors.callables_privacy import (
    delete_image,
    export_my_data,
    get_my_page,
    request_correction,
    set_consents,
    update_profile,
    withdraw,
)
from imagesfactory.doors.callables_support import (
    answer_inquiry,
    create_inquiry,
    create_open_inquiry,
    list_inquiries,
    read_inquiry,
    reply_to_inquiry,
    settle_inquiry,
)
from imagesfactory.doors.identity import before_create, before_sign_in
from imagesfactory.doors.pages import policy_page, unsubscribe
from imagesfactory.doors.purging import purge, purgepage
from imagesfactory.doors.schedules import settle, sweep
from imagesfactory.doors.sessions import create_session, end_session
from imagesfactory.doors.tasks import deliver, generate, processevent
from imagesfactory.doors.tasks_notices import advertise, tellmembers
from imagesfactory.doors.tasks_privacy import exportdata, withdrawmember
from imagesfactory.doors.triggers import on_event_received, on_job_created, on_mail_created
from imagesfactory.doors.webhooks import stripe_webhook, toss_webhook
from imagesfactory.doors.webhooks_mail import mail_events

__all__ = [
    "advertise",
    "agree_to_policy",
    "announce_change",
    "answer_inquiry",
    "before_create",
    "before_sign_in",
    "begin_campaign",
    "cancel_job",
    "close_account_for_guardian",
    "complete_signup",
    "confirm_toss_payment",
    "create_inquiry",
    "create_job",
    "create_open_inquiry",
    "create_order",
    "create_session",
    "decide_correction",
    "delete_image",
    "deliver",
    "end_session",
    "export_my_data",
    "exportdata",
    "generate",
    "get_catalog",
    "get_my_page",
    "get_order",
    "get_packs",
    "get_policy_state",
    "get_receipt",
    "get_settlement",
    "list_accesses",
    "list_corrections",
    "list_disclosures",
    "list_inquiries",
    "list_orders",
    "mail_events",
    "on_event_received",
    "on_job_created",
    "on_mail_created",
    "policy_page",
    "processevent",
    "purge",
    "purgepage",
    "read_inquiry",
    "record_disclosure",
    "redeem_coupon",
    "register_device",
    "remove_device",
    "reply_to_inquiry",
    "request_correction",
    "request_refund",
    "set_consents",
    "settle",
    "settle_inquiry",
    "stripe_webhook",
    "sweep",
    "tellmembers",
    "toss_webhook",
    "unsubscribe",
    "update_profile",
    "withdraw",
    "withdrawmember",
]
