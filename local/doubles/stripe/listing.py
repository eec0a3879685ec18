"""Lists as Stripe pages them (newest first, cursors, `created` ranges) and `expand[]`.

Sources: https://docs.stripe.com/api/pagination, https://docs.stripe.com/api/expanding_objects.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Sequence

from local.doubles.stripe.desk import Store, StripeObject
from local.doubles.stripe.errors import StripeRefusal
from local.doubles.stripe.parameters import Parameters

LIMIT_MAX = 100
LIMIT_USUAL = 10
EXPAND_DEPTH_MAX = 4
_ABSENT_WHILE_NULL = {("refund", "failure_balance_transaction")}
"""Members that may be expanded although an object has them only once they have a value."""
_RANGES: dict[str, Callable[[int, int], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def listed(parameters: Parameters, objects: Sequence[StripeObject], url: str, filters: Sequence[str]) -> StripeObject:
    """One page of the objects (given oldest first), by the query's limit, cursors, `created` and equal-to filters."""
    wanted = {name: parameters.text(name) for name in filters}
    in_range = _created_filter(parameters)
    limit = parameters.integer("limit")
    after, before = parameters.text("starting_after"), parameters.text("ending_before")
    parameters.finish()
    if limit is not None and not 1 <= limit <= LIMIT_MAX:
        raise parameters.refuse("limit", f"This value must be from 1 to {LIMIT_MAX}.", "parameter_invalid_integer")
    found = [
        one
        for one in reversed(objects)
        if in_range(one["created"]) and all(value in (None, one.get(name)) for name, value in wanted.items())
    ]
    data, more = _page(found, limit or LIMIT_USUAL, after, before)
    return {"object": "list", "data": data, "has_more": more, "url": url}


def _page(
    found: list[StripeObject], limit: int, after: str | None, before: str | None
) -> tuple[list[StripeObject], bool]:
    ids = [one["id"] for one in found]
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and cursor not in ids:
            raise StripeRefusal(f"No such object: '{cursor}'", code="resource_missing", param=name, worked=False)
    if before is not None:
        earlier = found[: ids.index(before)]
        return earlier[-limit:], len(earlier) > limit
    rest = found[ids.index(after) + 1 :] if after is not None else found
    return rest[:limit], len(rest) > limit


def _created_filter(parameters: Parameters) -> Callable[[int], bool]:
    if parameters.is_object("created"):
        ranges = [(_RANGES[name], bound) for name, bound in _bounds(parameters) if bound is not None]
    else:
        exact = parameters.integer("created")
        ranges = [] if exact is None else [(operator.eq, exact)]
    return lambda moment: all(compare(moment, bound) for compare, bound in ranges)


def _bounds(parameters: Parameters) -> list[tuple[str, int | None]]:
    nested = parameters.nested("created")
    if nested is None:
        return []
    bounds = [(name, nested.integer(name)) for name in _RANGES]
    nested.finish()
    return bounds


def shown(store: Store, answer: StripeObject, expand: Sequence[str]) -> StripeObject:
    """A copy of the answer as it leaves: private members taken out, the asked-for ids replaced by their objects."""
    copied = _public(answer)
    for path in expand:
        parts = path.split(".")
        if len(parts) > EXPAND_DEPTH_MAX:
            raise StripeRefusal(f"You cannot expand more than 4 levels of a property. Property: {path}", param="expand")
        _expand(store, copied, parts, path)
    return copied


def _public(value: StripeObject) -> StripeObject:
    return copy.deepcopy({name: one for name, one in value.items() if not name.startswith("_")})


def _expand(store: Store, node: StripeObject, parts: list[str], path: str) -> None:
    name, rest = parts[0], parts[1:]
    if name == "data" and node["object"] == "list":
        for one in node["data"]:
            _expand(store, one, rest, path)
        return
    if node.get("object") == "checkout.session" and name == "line_items":
        original = store.find(node["id"])
        node[name] = copy.deepcopy(original["_lines"]) if original else None
    elif node.get("object") == "charge" and name == "refunds":
        node[name] = _refunds_of(store, node["id"])
    elif (node.get("object"), name) in _ABSENT_WHILE_NULL and name not in node:
        return
    elif name not in node:
        raise StripeRefusal(f"This property cannot be expanded ({path}).", param="expand", worked=False)
    elif isinstance(node[name], str):
        found = store.find(node[name])
        node[name] = _public(found) if found else node[name]
    if rest and isinstance(node[name], dict):
        _expand(store, node[name], rest, path)


def _refunds_of(store: Store, charge_id: str) -> StripeObject:
    found = [_public(one) for one in reversed(store.of("refund")) if one["charge"] == charge_id]
    return {"object": "list", "data": found, "has_more": False, "url": f"/v1/charges/{charge_id}/refunds"}
