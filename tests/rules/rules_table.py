"""Who exists, what exists and who may see it: the one table behind every test of firestore.rules.

What is not named here as allowed has to be refused; nobody may write anything.
"""

from typing import Any

from emulator.firestore_rules.guard import Identity

PEOPLE: dict[str, Identity | None] = {
    "nobody": None,
    "owner": Identity("owner", {}),
    "other": Identity("other", {}),
    "unfinished": Identity("unfinished", {}),
    "withdrawing": Identity("withdrawing", {}),
    "disabled": Identity("disabled", {}),
    "suspended": Identity("suspended", {}),
    "without profile": Identity("without", {}),
    "support": Identity("staff", {"roles": ["support"]}),
    "finance": Identity("staff", {"roles": ["finance"]}),
    "officer": Identity("staff", {"roles": ["support", "officer"]}),
    "pretender": Identity("staff", {"roles": ["member"], "role": "officer"}),
}
EVERYBODY = list(PEOPLE)
STAFF = ["support", "finance", "officer"]

# A record of every kind. `owner` holds most of them; what is another's stands under "other".
DOCUMENTS: dict[str, dict[str, Any]] = {
    "users/owner": {"status": "active", "name": "x"},
    "users/other": {"status": "active", "name": "y"},
    "users/unfinished": {"status": "unfinished"},
    "users/withdrawing": {"status": "withdrawing"},
    "users/disabled": {"status": "disabled"},
    "users/suspended": {"status": "suspended"},
    "users/owner/consents/1": {"uid": "owner"},
    "users/unfinished/consents/1": {"uid": "unfinished"},
    "users/owner/devices/1": {"owner": "owner", "platform": "ios"},
    "users/owner/alerts/1": {"owner": "owner", "kind": "mail-returned"},
    "wallets/owner": {"paid_points": 1},
    "wallets/withdrawing": {"paid_points": 1},
    "wallets/owner/entries/1": {"points": 1},
    "jobs/1": {"owner": "owner", "status": "finished"},
    "jobs/disabled": {"owner": "disabled", "status": "finished"},
    "jobs/suspended": {"owner": "suspended", "status": "finished"},
    "orders/1": {"owner": "owner", "amount": 1},
    "inquiries/1": {"owner": "owner"},
    "inquiries/1/messages/1": {"text": "x"},
    "inquiries/2/messages/1": {"text": "a message whose inquiry is gone"},
    "notices/1": {"state": "published"},
    "notices/2": {"state": "draft"},
    "payments/1": {"owner": "owner"},
    "refunds/1": {"owner": "owner"},
    "disputes/1": {"owner": "owner"},
    "coupon_uses/1": {"owner": "owner"},
    "receipt_numbers/1": {"owner": "owner"},
    "settlements/2026-01-15": {"owner": "owner"},
    "inbox/toss:1": {"owner": "owner"},
    "mail/1": {"owner": "owner"},
    "visits/1": {"owner": "owner"},
    "exports/1": {"owner": "owner"},
    "corrections/1": {"owner": "owner"},
    "withdrawals/owner": {"owner": "owner"},
    "withdrawn/1": {"owner": "owner"},
    "tombstones/1": {"owner": "owner"},
    "policies/1": {"state": "published"},
    "misuse/1": {"owner": "owner"},
    "bonuses/1": {"given_at": "owner"},
    "departures/1": {"identities": ["owner"]},
    "suspensions/1": {"owner": "owner"},
    "ads/1": {"owner": "owner"},
    "disclosures/1": {"owner": "owner"},
    "accesses/1": {"owner": "owner"},
    "role_changes/1": {"owner": "owner"},
    "suppressions/1": {"owner": "owner"},
    "campaigns/1": {"owner": "owner"},
    "allowances/1": {"owner": "owner"},
    "purges/1": {"owner": "owner"},
    "unheard/of": {"owner": "owner"},
}

MAY_GET = {
    "users/owner": ["owner"],
    "users/other": ["other"],
    "users/suspended": ["suspended"],
    "users/owner/consents/1": ["owner"],
    "users/owner/alerts/1": ["owner"],
    "wallets/owner": ["owner"],
    "wallets/owner/entries/1": ["owner"],
    "jobs/1": ["owner"],
    "jobs/suspended": ["suspended"],
    "orders/1": ["owner"],
    "exports/1": ["owner"],
    "inquiries/1": ["owner"],
    "inquiries/1/messages/1": ["owner"],
    "notices/1": ["owner", "other", "suspended", *STAFF],
    "notices/2": STAFF,
}

# Who may list a collection without any filter; what matters is the collection of the document named.
MAY_LIST_ALL = {
    "users/owner/consents/1": ["owner"],
    "users/owner/alerts/1": ["owner"],
    "wallets/owner/entries/1": ["owner"],
    "inquiries/1/messages/1": ["owner"],
    "notices/1": STAFF,
}

# Collections that a member may list by where('owner', '==', the own uid).
LISTED_BY_OWNER = ["jobs/1", "orders/1", "exports/1", "inquiries/1"]
MEMBERS = ["owner", "other", "suspended"]
