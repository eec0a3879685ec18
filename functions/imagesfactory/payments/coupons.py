"""Coupons: bonus points by code, once for each member and code, posted like every other point."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from imagesfactory.kit import log, unit_of_work
from imagesfactory.kit.clock import legal_day
from imagesfactory.kit.ids import derive_id
from imagesfactory.kit.unit_of_work import UnitOfWork
from imagesfactory.payments.errors import CouponUnknown, CouponUsedBefore
from imagesfactory.payments.request import CouponRequest
from imagesfactory.points import model
from imagesfactory.points.model import Lot, LotKind
from imagesfactory.points.service import PointsService
from imagesfactory.points.store import wallet_from
from imagesfactory.policy.payments import PaymentRules
from imagesfactory.policy.retention import destroy_at

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from imagesfactory.kit.unit_of_work import Snapshot


class CouponService:
    """Redeems coupons; ``coupon_uses/{id}`` remembers who redeemed which."""

    def __init__(self, client: Client, *, points: PointsService, rules: PaymentRules) -> None:
        self._client = client
        self._points = points
        self._rules = rules

    def redeem(self, uid: str, request: CouponRequest, now: datetime) -> int:
        """Grant a coupon's points; returns how many, for the same request id as often as it is asked, also when the
        coupon has ended meanwhile or left the catalogue. Case and spaces around the code do not matter.

        Whoever calls has counted the guess before: how often one may try must not depend on what was tried.

        Raises:
            CouponUnknown, CouponUsedBefore, and the refusals of the wallet: nothing was granted.

        """
        code = request.code.strip().upper()
        redeem = partial(self._redeem, uid=uid, request_id=request.request_id, code=code, now=now)
        points = unit_of_work.run(self._client, redeem)
        log.info("coupon.redeemed", uid=uid, points=points)
        return points

    def _redeem(self, unit: UnitOfWork, uid: str, request_id: str, code: str, now: datetime) -> int:
        use = self._client.collection("coupon_uses").document(derive_id("coupon", uid, code))
        used, snapshot = unit.peek(use, self._points.wallet_reference(uid))
        coupon = self._rules.coupon(code)
        if coupon is None and not used.exists:
            raise CouponUnknown
        wallet = self._points.admit_request(wallet_from(snapshot), now)
        if used.exists:
            return _granted_before(used, request_id)
        if coupon is None or not coupon.first_day <= legal_day(now) <= coupon.last_day:
            raise CouponUnknown
        lot_id, expires_at = f"coupon-{coupon.code}", now + timedelta(days=coupon.points_expire_after_days)
        lot = Lot(lot_id, LotKind.BONUS, coupon.points, coupon.points, now, expires_at, f"coupon:{coupon.code}")
        unit.tie(snapshot)
        self._points.write(unit, model.grant(wallet, lot, now))
        record = {"owner": uid, "code": coupon.code, "request_id": request_id, "points": coupon.points, "at": now}
        unit.create(use, record | {"destroy_at": destroy_at("contract", now)})
        return coupon.points


def _granted_before(used: Snapshot, request_id: str) -> int:
    if used.get("request_id") != request_id:
        raise CouponUsedBefore
    return int(used.get("points"))
