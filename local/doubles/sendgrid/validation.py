"""Checks the body of a mail send call as SendGrid does.

Source: SendGrid's v3 reference, "Mail Send: limitations" and the field descriptions of POST /v3/mail/send.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from typing import Any

from local.doubles.sendgrid.errors import Problem, SendGridRefusal

MESSAGE_BYTES_MAX = 30 * 1024 * 1024
RECIPIENTS_MAX = 1000
CUSTOM_ARGS_BYTES_MAX = 10_000
CATEGORIES_MAX, CATEGORY_CHARACTERS_MAX = 10, 255
SEND_AT_SECONDS_AHEAD_MAX = 72 * 60 * 60
RESERVED_HEADERS = frozenset(
    {
        *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
        *("to", "from", "subject", "reply-to", "cc", "bcc"),
    }
)

_ADDRESS = re.compile(r"[^@\s<>;,\"]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_RECIPIENT_KINDS = ("to", "cc", "bcc")


def check_mail(body: Any) -> None:
    """Check the whole call.

    Raises:
        SendGridRefusal: 400 with every problem found.

    """
    if not isinstance(body, dict):
        raise SendGridRefusal(400, [Problem("Bad Request: the body must be a JSON object")])
    problems = [
        *_sender_problems(body),
        *_personalization_problems(body),
        *_subject_problems(body),
        *_content_problems(body),
        *_attachment_problems(body),
        *_label_problems(body),
        *_header_problems("headers", body.get("headers")),
        *_time_problems("send_at", body.get("send_at")),
    ]
    if problems:
        raise SendGridRefusal(400, problems)


def is_address(value: Any) -> bool:
    """Whether the value is an e-mail address as SendGrid takes it (any letters, no spaces or list marks)."""
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def _sender_problems(body: dict[str, Any]) -> list[Problem]:
    sender = body.get("from")
    if not isinstance(sender, dict) or not sender.get("email"):
        return [
            Problem("The from object must be provided for every email send, with an email parameter.", "from.email")
        ]
    problems = _person_problems("from", sender)
    if not str(sender["email"]).isascii():
        problems.append(Problem("Unicode characters are not supported in the from address.", "from.email"))
    if "reply_to" in body:
        problems += _person_problems("reply_to", body["reply_to"])
    if "reply_to" in body and "reply_to_list" in body:
        problems.append(Problem("Use either reply_to or reply_to_list.", "reply_to_list"))
    return problems


def _person_problems(field: str, person: Any) -> list[Problem]:
    if not isinstance(person, dict) or not is_address(person.get("email")):
        return [Problem("Does not contain a valid address.", f"{field}.email")]
    name = person.get("name", "")
    if not isinstance(name, str) or ";" in name or "," in name:
        return [Problem("The name may not contain ';' or ','.", f"{field}.name")]
    return []


def _personalization_problems(body: dict[str, Any]) -> list[Problem]:
    given = body.get("personalizations")
    if not isinstance(given, list) or not given:
        return [Problem("The personalizations field is required and must have at least one entry.", "personalizations")]
    problems = []
    total = 0
    for number, one in enumerate(given):
        found, count = _one_personalization(f"personalizations.{number}", one)
        problems += found
        total += count
    if total > RECIPIENTS_MAX:
        problems.append(Problem(f"There is a limit of {RECIPIENTS_MAX} total recipients.", "personalizations"))
    return problems


def _one_personalization(field: str, given: Any) -> tuple[list[Problem], int]:
    if not isinstance(given, dict):
        return [Problem("Each personalization must be an object.", field)], 0
    if not isinstance(given.get("to"), list) or not given["to"]:
        return [Problem("The to array is required for all personalization objects.", f"{field}.to")], 0
    problems: list[Problem] = []
    seen: set[str] = set()
    count = 0
    for kind in _RECIPIENT_KINDS:
        people = given.get(kind, [])
        if not isinstance(people, list):
            problems.append(Problem(f"The {kind} parameter must be an array.", f"{field}.{kind}"))
            continue
        count += len(people)
        for number, person in enumerate(people):
            problems += _recipient_problems(f"{field}.{kind}.{number}", person, seen)
    problems += _header_problems(f"{field}.headers", given.get("headers"))
    problems += _time_problems(f"{field}.send_at", given.get("send_at"))
    return problems + _custom_args_problems(f"{field}.custom_args", given.get("custom_args")), count


def _recipient_problems(field: str, person: Any, seen: set[str]) -> list[Problem]:
    problems = _person_problems(field, person)
    if problems:
        return problems
    address = person["email"].lower()
    if address in seen:
        return [Problem("Each email address in the personalization block should be unique.", f"{field}.email")]
    seen.add(address)
    return []


def _subject_problems(body: dict[str, Any]) -> list[Problem]:
    if body.get("template_id") or body.get("subject"):
        return []
    given = body.get("personalizations")
    if isinstance(given, list) and given and all(isinstance(one, dict) and one.get("subject") for one in given):
        return []
    message = "The subject is required. It can be set at the message level or in every personalization."
    return [Problem(message, "subject")]


def _content_problems(body: dict[str, Any]) -> list[Problem]:
    parts = body.get("content")
    if parts is None and body.get("template_id"):
        return []
    if not isinstance(parts, list) or not parts:
        return [Problem("Unless a valid template_id is provided, the content parameter is required.", "content")]
    problems = []
    kinds: list[str] = []
    for number, part in enumerate(parts):
        field = f"content.{number}"
        if not isinstance(part, dict) or not isinstance(part.get("type"), str) or "/" not in part["type"]:
            problems.append(Problem("The content type is required and must be a media type.", f"{field}.type"))
            continue
        if not isinstance(part.get("value"), str) or not part["value"]:
            problems.append(
                Problem("The content value must be a string at least one character in length.", f"{field}.value")
            )
        kinds.append(part["type"])
    if kinds != sorted(kinds, key=_content_rank):
        message = "If present, text/plain and text/html may only be provided in that order, before all others."
        problems.append(Problem(message, "content"))
    if len(set(kinds)) < len(kinds):
        problems.append(Problem("Each content type may be given once.", "content"))
    return problems


def _content_rank(kind: str) -> int:
    return {"text/plain": 0, "text/html": 1}.get(kind, 2)


def _attachment_problems(body: dict[str, Any]) -> list[Problem]:
    given = body.get("attachments")
    if given is None:
        return []
    if not isinstance(given, list):
        return [Problem("The attachments parameter must be an array.", "attachments")]
    return [problem for number, one in enumerate(given) for problem in _one_attachment(f"attachments.{number}", one)]


def _one_attachment(field: str, given: Any) -> list[Problem]:
    if not isinstance(given, dict):
        return [Problem("Each attachment must be an object.", field)]
    problems = []
    if not _is_base64(given.get("content")):
        problems.append(Problem("The attachment content must be base64 encoded.", f"{field}.content"))
    name = given.get("filename")
    if not isinstance(name, str) or not name or any(mark in name for mark in "\r\n"):
        problems.append(Problem("The filename of the attachment is required.", f"{field}.filename"))
    if any(mark in str(given.get("type", "")) for mark in ";\r\n"):
        problems.append(Problem("The attachment type may not contain ';' or CRLF.", f"{field}.type"))
    if given.get("disposition", "attachment") not in ("inline", "attachment"):
        problems.append(Problem("The disposition must be inline or attachment.", f"{field}.disposition"))
    return problems


def _is_base64(content: Any) -> bool:
    if not isinstance(content, str) or not content:
        return False
    try:
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _label_problems(body: dict[str, Any]) -> list[Problem]:
    problems = _custom_args_problems("custom_args", body.get("custom_args"))
    categories = body.get("categories", [])
    if not isinstance(categories, list) or not all(isinstance(one, str) for one in categories):
        return [*problems, Problem("The categories parameter must be an array of strings.", "categories")]
    if len(categories) > CATEGORIES_MAX or len(set(categories)) < len(categories):
        problems.append(Problem(f"At most {CATEGORIES_MAX} unique categories may be assigned.", "categories"))
    if any(len(one) > CATEGORY_CHARACTERS_MAX for one in categories):
        problems.append(Problem(f"A category has at most {CATEGORY_CHARACTERS_MAX} characters.", "categories"))
    return problems


def _custom_args_problems(field: str, given: Any) -> list[Problem]:
    if given is None:
        return []
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        return [Problem("Custom args must be an object with text values.", field)]
    size = sum(len(name.encode()) + len(value.encode()) for name, value in given.items())
    if size >= CUSTOM_ARGS_BYTES_MAX:
        return [Problem(f"Custom args must be less than {CUSTOM_ARGS_BYTES_MAX} bytes.", field)]
    return []


def _header_problems(field: str, given: Any) -> list[Problem]:
    if given is None:
        return []
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        return [Problem("Headers must be an object with text values.", field)]
    return [
        Problem("This header is reserved and cannot be set.", f"{field}.{name}")
        for name in given
        if name.lower() in RESERVED_HEADERS
    ]


def _time_problems(field: str, given: Any) -> list[Problem]:
    if given is None:
        return []
    if not isinstance(given, int) or given > time.time() + SEND_AT_SECONDS_AHEAD_MAX:
        return [Problem("send_at must be a unix timestamp at most 72 hours ahead.", field)]
    return []
