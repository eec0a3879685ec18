"""The deployed functions: names only, each under its door in imagesfactory/doors. What each does is behind its door."""

from imagesfactory.doors.opening import opened_by_name

DOORS = {
    "callables": ["cancel_job", "complete_signup", "create_job", "get_catalog"],
    "callables_devices": ["register_device", "remove_device"],
    "callables_notices": ["agree_to_policy", "announce_change", "begin_campaign", "get_policy_state"],
    "callables_officer": [
        "close_account_for_guardian",
        "decide_correction",
        "export_for_member",
        "grant_appeal",
        "list_accesses",
        "list_corrections",
        "list_disclosures",
        "read_member",
        "record_disclosure",
        "reinstate_member",
        "suspend_member",
        "withdraw_for_member",
    ],
    "callables_payments": [
        "confirm_toss_payment",
        "create_order",
        "get_order",
        "get_packs",
        "get_receipt",
        "get_settlement",
        "list_orders",
        "record_refund_by_hand",
        "redeem_coupon",
        "request_refund",
    ],
    "callables_privacy": [
        "delete_image",
        "export_my_data",
        "get_my_page",
        "request_correction",
        "set_consents",
        "update_profile",
        "withdraw",
    ],
    "callables_support": [
        "answer_inquiry",
        "create_inquiry",
        "create_open_inquiry",
        "guardian_deletion_request",
        "list_inquiries",
        "read_inquiry",
        "reply_to_inquiry",
        "settle_inquiry",
    ],
    "callables_truth": ["get_truth"],
    "identity": ["before_create", "before_sign_in"],
    "pages": ["policy_page", "unsubscribe"],
    "purging": ["purge", "purgepage"],
    "schedules": ["settle", "sweep"],
    "sessions": ["create_session", "end_session"],
    "tasks": ["deliver", "generate", "processevent"],
    "tasks_notices": ["advertise", "tellmembers"],
    "tasks_privacy": ["exportdata", "withdrawmember"],
    "triggers": ["on_event_received", "on_job_created", "on_mail_created"],
    "webhooks": ["stripe_webhook", "toss_webhook"],
    "webhooks_mail": ["mail_events"],
}

__getattr__, __dir__ = opened_by_name(DOORS)
__all__ = list(__dir__())
