"""Which providers the functions talk to."""

from local.suite.addresses import Addresses
from local.suite.backend import functions_environment

ADDRESSES = Addresses.on_loopback(tuple(range(20_001, 20_001 + Addresses.count())))
DOUBLES = {
    "openai_base_url": "http://127.0.0.1:1/v1",
    "stability_url": "http://127.0.0.1:2",
    "stability_grpc_host": "127.0.0.1:3",
    "sendgrid_url": "http://127.0.0.1:4",
    "sendgrid_event_public_key": "a public key",
    "stripe_url": "http://127.0.0.1:5",
    "stripe_webhook_secret": "whsec_made_up",
    "toss_url": "http://127.0.0.1:6",
    "fcm_url": "http://127.0.0.1:7",
}
USERS = {"HTTPS_PROXY": "http://proxy:3128", "HOME": "/home/somebody"}


def test_without_keys_every_provider_is_a_double_and_no_proxy_is_in_the_way() -> None:
    given = functions_environment(ADDRESSES, DOUBLES, {}, USERS)

    assert given.variables == {
        "FUNCTIONS_EMULATOR_ADDRESS": str(ADDRESSES.functions),
        "NO_PROXY": "127.0.0.1,localhost",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "STABILITY_BASE_URL": "http://127.0.0.1:2",
        "STABILITY_GRPC_HOST": "127.0.0.1:3",
        "SENDGRID_BASE_URL": "http://127.0.0.1:4",
        "STRIPE_BASE_URL": "http://127.0.0.1:5",
        "TOSS_BASE_URL": "http://127.0.0.1:6",
        "FCM_BASE_URL": "http://127.0.0.1:7",
    }
    assert set(given.secrets) == {
        "OPENAI_API_KEY",
        "STABILITY_API_KEY",
        "SENDGRID_API_KEY",
        "SENDGRID_EVENTS_KEY",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "TOSS_SECRET_KEY",
        "PSEUDONYM_KEY",
    }
    assert given.secrets["SENDGRID_EVENTS_KEY"] == DOUBLES["sendgrid_event_public_key"]


def test_a_key_of_the_users_own_makes_that_provider_real_and_keeps_the_others_double() -> None:
    given = functions_environment(ADDRESSES, DOUBLES, {"OPENAI_API_KEY": "sk-own"}, USERS)

    assert "OPENAI_BASE_URL" not in given.variables
    assert "OPENAI_API_KEY" not in given.secrets
    assert given.variables["SENDGRID_BASE_URL"] == DOUBLES["sendgrid_url"]
    assert given.variables["HTTPS_PROXY"] == "http://proxy:3128"
    assert "HOME" not in given.variables


def test_the_pseudonym_key_is_new_in_each_run() -> None:
    keys = {functions_environment(ADDRESSES, DOUBLES, {}, {}).secrets["PSEUDONYM_KEY"] for _ in range(2)}

    assert len(keys) == 2
