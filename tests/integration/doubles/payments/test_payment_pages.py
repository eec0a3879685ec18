"""The payment pages as a person's browser meets them: pay, fail, cancel, and act as bank and staff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from local.doubles import ControlClient, Doubles
from tests.payment_shop import Toss

EVIL = "<script>alert(1)</script>"
DONE, FAILED = "http://localhost:5000/done?from=shop", "http://localhost:5000/failed"


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def session_of(shop: Any, currency: str = "usd") -> Any:
    line: Any = {
        "price_data": {"currency": currency, "unit_amount": 1_999, "product_data": {"name": EVIL}},
        "quantity": 1,
    }
    return shop.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [line],
            "success_url": "http://localhost:5000/done?s={CHECKOUT_SESSION_ID}",
            "cancel_url": FAILED,
        }
    )


def post(browser: requests.Session, url: str, **form: str) -> requests.Response:
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    return browser.post(url, data=form, headers={"origin": origin}, allow_redirects=False, timeout=30)


def window(doubles: Doubles, browser: requests.Session, **change: str) -> requests.Response:
    asked = {"orderId": "order-1", "amount": "10000", "orderName": EVIL, "successUrl": DONE, "failUrl": FAILED}
    url = f"{doubles.addresses.toss_url}/window?{urlencode({**asked, **change})}"
    return browser.get(url, timeout=30)


def told(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 303
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def test_checkout_page_takes_a_payment(shop: Any, browser: requests.Session) -> None:
    made = session_of(shop)
    page = browser.get(made.url, timeout=30)
    assert "19.99 USD" in page.text
    assert EVIL not in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src" not in policy
    assert policy.endswith("form-action 'self' http://localhost:5000 http://localhost:5000")
    declined = post(browser, made.url, action="pay", method="pm_card_chargeDeclinedExpiredCard")
    assert (declined.status_code, "has expired" in declined.text) == (402, True)
    assert post(browser, made.url, action="cancel").headers["location"] == FAILED
    paid = post(browser, made.url, action="pay", method="pm_card_visa", email="hana@example.com")
    assert told(paid) == {"s": made.id}
    session = shop.v1.checkout.sessions.retrieve(made.id)
    assert (session.payment_status, session.customer_details.email) == ("paid", "hana@example.com")
    assert "complete" in browser.get(made.url, timeout=30).text


def test_window_leads_to_confirm(doubles: Doubles, browser: requests.Session, toss: Toss) -> None:
    page = window(doubles, browser)
    assert "10,000 KRW" in page.text
    assert EVIL not in page.text
    back = told(post(browser, page.url, action="pay", method="easy_pay"))
    assert (back["from"], back["orderId"], back["amount"], back["paymentType"]) == (
        "shop",
        "order-1",
        "10000",
        "NORMAL",
    )
    assert toss.confirm(back["paymentKey"], "order-1", 10_000).json()["status"] == "DONE"
    assert "DONE" in browser.get(page.url, timeout=30).text


@pytest.mark.parametrize("code", ["PAY_PROCESS_CANCELED", "PAY_PROCESS_ABORTED", "REJECT_CARD_COMPANY"])
def test_window_leads_to_failure(doubles: Doubles, browser: requests.Session, code: str) -> None:
    back = told(post(browser, window(doubles, browser).url, action=code))
    assert (back["code"], back["orderId"]) == (code, "order-1")
    assert back["message"]


@pytest.mark.parametrize(
    "change", [{"amount": "ten"}, {"orderId": "x"}, {"successUrl": "javascript:alert(1)"}, {"failUrl": ""}]
)
def test_window_refuses_nonsense(doubles: Doubles, browser: requests.Session, change: dict[str, str]) -> None:
    assert window(doubles, browser, **change).status_code == 400


def buttons(page: requests.Response) -> list[dict[str, str]]:
    """Every form of the page as the fields that it posts."""
    forms = re.findall(r"<form class=\"act\".*?</form>", page.text, re.DOTALL)
    return [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in forms]


def press(browser: requests.Session, url: str, action: str, **more: str) -> requests.Response:
    (found, *_) = [one for one in buttons(browser.get(url, timeout=30)) if one["action"] == action]
    return post(browser, url, **{**found, **more})


def test_stripe_dashboard_acts_for_bank_and_staff(
    doubles: Doubles, shop: Any, control: ControlClient, browser: requests.Session
) -> None:
    url = doubles.addresses.stripe_dashboard
    paid = session_of(shop)
    session_of(shop)
    assert press(browser, url, "expire").status_code == 303
    later = session_of(shop)
    control.stripe.pay_checkout(paid.id)
    control.stripe.pay_checkout(later.id, "pm_usBankAccount_success")
    assert press(browser, url, "settle").status_code == 303
    assert press(browser, url, "refund", amount="5.5").status_code == 303
    assert press(browser, url, "dispute").status_code == 303
    assert press(browser, url, "close").status_code == 303
    assert press(browser, url, "settle_refund").status_code == 303
    assert press(browser, url, "post").status_code == 303
    refused = press(browser, url, "refund", amount="1000")
    assert (refused.status_code, refused.text.startswith("Refused:")) == (400, True)
    assert post(browser, url, action="explode").status_code == 400
    assert [one.amount for one in shop.v1.refunds.list().data] == [550]


def test_toss_dashboard_acts_for_bank_and_staff(
    doubles: Doubles, toss: Toss, control: ControlClient, browser: requests.Session
) -> None:
    url = doubles.addresses.toss_dashboard
    key = control.toss.pay("order-1", 10_000, "virtual_account")
    toss.confirm(key, "order-1", 10_000)
    for action, status in (("deposit", "DONE"), ("take_back", "WAITING_FOR_DEPOSIT"), ("deposit", "DONE")):
        assert press(browser, url, action).status_code == 303
        assert toss.get(f"/payments/{key}").json()["status"] == status
    assert press(browser, url, "refund", amount="4,000").status_code == 303
    assert toss.get(f"/payments/{key}").json()["balanceAmount"] == 6_000
    control.toss.pay("order-2", 10_000)
    assert press(browser, url, "expire").status_code == 303


def test_pages_find_each_other(doubles: Doubles, browser: requests.Session) -> None:
    addresses = doubles.addresses
    home = browser.get(addresses.home, timeout=30).text
    for url in (addresses.stripe_dashboard, addresses.toss_dashboard):
        assert url in home
        page = browser.get(url, timeout=30)
        assert addresses.home in page.text
        for link in re.findall(r'href="(/[^"]+)"', page.text):
            assert browser.get("{0.scheme}://{0.netloc}".format(urlsplit(url)) + link, timeout=30).status_code == 200
    for path in ("/c/pay/none", "/receipts/none"):
        assert browser.get(addresses.stripe_url + path, timeout=30).status_code == 404
    for path in ("/window/none", "/receipts/none"):
        assert browser.get(addresses.toss_url + path, timeout=30).status_code == 404


def test_strangers_are_kept_out(doubles: Doubles, browser: requests.Session) -> None:
    url = doubles.addresses.stripe_dashboard
    assert browser.get(url, headers={"host": "evil.example"}, timeout=30).status_code in (400, 403)
    answer = browser.post(url, data={"action": "release"}, headers={"origin": "https://evil.example"}, timeout=30)
    assert answer.status_code == 403
