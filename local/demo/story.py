"""The story: who does what, in order, and what must be true after each step."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import requests

from local.client import ClientApp, Member, SignInRefused, signup_statements
from local.demo.farewell import Farewell
from local.demo.office import Office
from local.demo.shopping import Shopping
from local.demo.steps import Step, Steps
from local.demo.years import Years, as_report, print_evidence
from local.doubles.control import ControlClient
from local.suite import Suite

EMAIL = "jisu@example.com"
ABUSER = "abuser@example.com"
PASSWORD = "correct horse battery"  # noqa: S105 - of a member that lives for one demo
PROMPT = "한강 위로 떠오르는 보름달과 종이배, 수채화"


class StoryFailed(Exception):
    """Something the story promises did not happen."""


class Story:
    """Plays the story on a running suite."""

    def __init__(self, suite: Suite, steps: Steps, folder: Path) -> None:
        self._app = ClientApp(suite)
        self._office = Office(suite)
        self._home = suite.doubles["home"]
        self._doubles = ControlClient(self._home)
        self._shopping = Shopping(self._app, self._doubles)
        self._steps = steps
        self._farewell = Farewell(self._app, self._office, folder)
        self._years = Years(suite, self._office)
        self._folder = folder

    def play(self) -> list[Path]:
        """All steps; returns the files they left.

        Raises:
            StoryFailed: a promise was broken.

        """
        self._office.forget_usage()
        with self._steps.step("A listed abuser is refused") as step:
            self._refused(step)
        with self._steps.step("Jisu signs up by e-mail and verifies it"):
            member = self._app.verify_email(self._app.sign_up(EMAIL, PASSWORD))
        with self._steps.step("She reads the catalogue, completes the sign-up") as step:
            points_before = self._complete(member, step)
        with self._steps.step("She asks for 4 images of two providers") as step:
            accepted = self._ask(member, step)
        with self._steps.step("She watches the job until it is finished") as step:
            job = self._watch(member, accepted["job_id"], step)
        with self._steps.step("The images are in the bucket") as step:
            pictures = self._pictures(job, step)
        with self._steps.step("One mail with the images arrives") as step:
            mail = self._mail(step)
        with self._steps.step("She buys points with Toss Payments") as step:
            toss_order = self._shopping.buy_with_toss(member, step)
        with self._steps.step("She buys points with Stripe") as step:
            self._shopping.buy_with_stripe(member, step)
        with self._steps.step("She gets part of the first purchase back") as step:
            self._shopping.refund_part(member, toss_order, step)
        with self._steps.step("The ledger balances") as step:
            ledger, wallet = self._ledger(member, step)
        with self._steps.step("She sees all that is held about her") as step:
            self._farewell.see_my_page(member, step)
        with self._steps.step("She takes all of it along as one file") as step:
            export = self._farewell.take_along(member, step)
        with self._steps.step("She withdraws") as step:
            archived = self._farewell.leave(self._app.sign_in(EMAIL, PASSWORD), step)
        with self._steps.step("Five years pass, to the last evening") as step:
            ends = self._years.pass_to_the_last_day(step)
        with self._steps.step("Midnight passes in Seoul") as step:
            self._years.pass_an_hour(ends, step)
        with self._steps.step("The purges left evidence") as step:
            evidence = self._years.evidence(step)
        print_evidence(self._steps.console, evidence)
        report = {
            "images_stored": len(pictures),
            "mails_delivered": 1,
            "points": {
                "before": points_before,
                "held": job["held_points"],
                "captured": job["captured_points"],
                "released": job["released_points"],
                "after": wallet["available_points"],
            },
            "ledger_sum": sum(ledger.values()),
            "ledger": ledger,
            "kept_by_law_after_withdrawal": archived,
            "years_later": as_report(evidence, ends),
            "milliseconds": self._steps.milliseconds,
            "billed_firestore_operations": self._office.usage(),
        }
        path = self._folder / "report.json"
        path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        return [*pictures, mail, export, path]

    def _refused(self, step: Step) -> None:
        self._office.list_as_misuser(ABUSER)
        try:
            self._app.sign_up(ABUSER, PASSWORD)
        except SignInRefused as refused:
            step.result = refused.code
            return
        raise StoryFailed("a listed identity could sign up")

    def _complete(self, member: Member, step: Step) -> int:
        catalog = self._app.call("get_catalog")
        answer = self._app.call(
            "complete_signup",
            signup_statements(catalog),
            member,
        )
        points = int(answer["signup_points"])
        step.result = f"{points} points to start with"
        return points

    def _ask(self, member: Member, step: Step) -> dict[str, Any]:
        accepted = self._app.call(
            "create_job",
            {
                "request_id": "demo-request-1",
                "prompt": PROMPT,
                "shape": "square",
                "images": [{"model": "gpt-image", "count": 2}, {"model": "stability-core", "count": 2}],
            },
            member,
        )
        step.result = f"{accepted['held_points']} points held"
        return accepted

    def _watch(self, member: Member, job_id: str, step: Step) -> dict[str, Any]:
        versions: list[str] = []

        def show(version: dict[str, Any]) -> None:
            states = [image["state"] for _, image in sorted(version["images"].items())]
            versions.append(version["status"])
            step.say(", ".join(states))

        with self._app.watch(f"jobs/{job_id}", member) as watch:
            job = watch.until(lambda version: version["status"] == "finished", show)
        step.result = f"{len(versions)} live updates, {job['captured_points']} points captured"
        return job

    def _pictures(self, job: dict[str, Any], step: Step) -> list[Path]:
        names = [image["file"] for _, image in sorted(job["images"].items()) if image["state"] == "stored"]
        saved = self._office.save_files(names, self._folder / "images")
        if len(saved) != len(job["images"]):
            raise StoryFailed("an image is missing")
        step.result = f"{len(saved)} PNG files, {sum(path.stat().st_size for path in saved):,} bytes"
        return saved

    def _mail(self, step: Step) -> Path:
        mails = self._doubles.mails(to=EMAIL, at_least=1)
        if len(mails) != 1:
            raise StoryFailed(f"{len(mails)} mails arrived instead of one")
        path = self._folder / "mail.html"
        path.write_text(self._with_pictures(mails[0]), encoding="utf-8")
        step.result = str(mails[0]["subject"])
        return path

    def _with_pictures(self, mail: dict[str, Any]) -> str:
        page = str(mail["html"])
        for number, attachment in enumerate(mail["attachments"]):
            url = f"{self._home.rstrip('/')}/mailbox/messages/{mail['id']}/attachments/{number}"
            content = requests.get(url, timeout=30).content
            data = f"data:{attachment['type']};base64,{base64.b64encode(content).decode()}"
            page = page.replace(f"cid:{attachment['content_id']}", data)
        return page

    def _ledger(self, member: Member, step: Step) -> tuple[dict[str, int], dict[str, Any]]:
        balance = self._office.trial_balance()
        if not balance.is_balanced:
            raise StoryFailed("the ledger does not balance")
        with self._app.watch(f"wallets/{member.uid}", member) as watch:
            wallet = watch.until(lambda version: version["held_points"] == 0)
        step.result = f"sum {balance.total}, {wallet['available_points']} points left"
        return balance.accounts, wallet
