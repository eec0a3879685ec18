"""What members read is what the code does: every class, processor, relief body and fact is on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from imagesfactory.doors.sessions import COOKIE
from imagesfactory.notices import policy_page as room
from imagesfactory.notices.policy_page import Officer, retention_rows
from imagesfactory.policy import privacy_policy as wordings
from imagesfactory.policy.company import company
from imagesfactory.policy.privacy_policy import privacy_policy
from imagesfactory.policy.processors import processors
from imagesfactory.policy.retention import Language, retention
from imagesfactory.vendors.session_cookies import LIFETIME

OFFICER = Officer("김책임 <b>", "02-123-4567")
NOW = company().privacy_policy_version
LANGUAGES: tuple[Language, ...] = ("ko", "en")


def policy_page(language: Language, officer: Officer, version: str = NOW) -> str:
    page = room.policy_page(language, officer, NOW, version)
    assert page is not None
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_names_every_processor_relief_body_and_fact(language: Language) -> None:
    page = policy_page(language, OFFICER)
    facts = [company().business_number, company().mail_order_number, company().support_address, "02-123-4567"]
    facts += [body.telephone for body in company().relief_bodies]
    facts += [getattr(one.task, language) for one in processors().processors.values()]
    facts += [getattr(item, language) for one in processors().processors.values() for item in one.receives]
    assert not [fact for fact in facts if fact.replace("'", "&#39;") not in page]
    facts += [getattr(one.country, language) for one in processors().processors.values()]
    facts += [one.contact for one in processors().processors.values()]
    assert not [fact for fact in facts if fact.replace("'", "&#39;") not in page]
    assert "<b>" not in page
    assert re.findall(r'id="article-(\d+)"', page) == [str(number) for number in range(1, 13)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_deployment_that_names_no_officer_still_says_where_to_write(language: Language) -> None:
    page = policy_page(language, Officer("", ""))
    section = page.partition('id="article-9"')[2].partition("</section>")[0]
    assert company().support_address in section
    assert "tel:" not in section


def test_the_cookies_on_the_page_are_those_that_are_set() -> None:
    assert [(one.name, one.days) for one in privacy_policy().cookies] == [(COOKIE, LIFETIME.days)]


def test_the_history_ends_with_what_is_in_force() -> None:
    versions = [version.effective_on for version in privacy_policy().history]
    assert versions == sorted(versions, reverse=True)
    assert versions[0] == company().privacy_policy_version


def test_every_transfer_abroad_says_what_the_law_wants_published() -> None:
    """Personal Information Protection Act article 28-8(2): what, where, when, how, to whom, what for, how long."""
    page = policy_page("ko", OFFICER)
    abroad = [one for one in processors().processors.values() if one.is_abroad]
    assert {one.name.en for one in abroad} >= {"OpenAI", "Stability AI", "Stripe", "SendGrid (Twilio)"}
    for one in abroad:
        row = next(line for line in page.splitlines() if one.contact in line)
        for fact in (one.task.ko, one.receives[0].ko, one.country.ko, one.handed_over.ko, one.kept.ko, "국외"):
            assert fact in row
    assert "암호화된 통신으로" in page
    assert "탈퇴하여 거부할 수 있으며" in page


def test_the_words_fit_the_table_exactly() -> None:
    assert privacy_policy().classes.keys() == retention().classes.keys()
    assert privacy_policy().clocks.keys() == {one.clock for one in retention().classes.values()}


@pytest.mark.parametrize(
    ("name", "kept_for"),
    [
        ("부정이용 기록", "1년"),
        ("소비자 불만과 분쟁 처리 기록", "3년"),
        ("계약 또는 청약철회 기록", "5년"),
        ("표시와 광고 기록", "6개월"),
        ("웹사이트 방문 기록", "3개월"),
        ("생성된 이미지와 그 요청", "90일"),
        ("회원 정보(프로필, 기기, 동의)", "탈퇴할 때까지"),
    ],
)
def test_the_published_periods_are_those_that_run(name: str, kept_for: str) -> None:
    (row,) = [row for row in retention_rows("ko") if row.name == name]
    assert row.kept_for == kept_for


def test_nothing_is_promised_for_processors_that_they_do_not_do() -> None:
    openai = processors().processors["openai"].kept
    assert ("최대 30일" in openai.ko, "30 days" in openai.en) == (True, True)
    for name in ("이미지 생성사에 전달한 정보", "이메일 발송사에 전달한 정보"):
        (row,) = [row for row in retention_rows("ko") if row.name == name]
        assert row.kept_for == "수탁자별로 제5조에 적힌 대로"


def test_english_counts_in_english() -> None:
    assert {row.kept_for for row in retention_rows("en")} >= {"1 year", "5 years", "24 hours", "until withdrawal"}


@pytest.fixture
def two_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An earlier wording and one to come, beside the present one."""
    present = Path(wordings.__file__).with_name("privacy_policy.yaml").read_text("utf-8")
    for day in ("2024-02-01", "2031-01-01"):
        text = present.replace(f'effective_on: "{NOW}"', f'effective_on: "{day}"').replace("제정", f"{day} 개정")
        (tmp_path / f"privacy-{day}.yaml").write_text(text, "utf-8")
    monkeypatch.setattr(wordings, "_VERSIONS", tmp_path)
    wordings._others.cache_clear()
    yield
    wordings._others.cache_clear()


@pytest.mark.usefixtures("two_more")
def test_a_named_version_is_shown_and_says_whether_it_is_in_force() -> None:
    earlier, coming = policy_page("en", OFFICER, "2024-02-01"), policy_page("en", OFFICER, "2031-01-01")
    assert ("An earlier version" in earlier, "2024-02-01 개정" in policy_page("ko", OFFICER, "2024-02-01")) == (
        True,
        True,
    )
    assert "Not in force yet" in coming
    assert 'In force from <time datetime="2031-01-01">' in coming
    assert "?lang=ko&amp;version=2031-01-01" in coming
    assert "Not in force" not in policy_page("en", OFFICER)


def test_a_version_that_nobody_keeps_is_not_shown() -> None:
    assert room.policy_page("ko", OFFICER, NOW, "2024-02-01") is None
    assert room.policy_page("ko", OFFICER, NOW, "../company") is None


def test_the_next_version_has_its_wording_before_its_day() -> None:
    coming = company().next_privacy_policy_version
    assert not coming or wordings.wording(coming) is not None
