"""What explain options add to the answer of a query: the indexes used and how much was read.

Source: google.firestore.v1 ExplainMetrics; cloud.google.com/firestore/docs/query-explain.
"""

from __future__ import annotations

from emulator.firestore.messages import Message
from emulator.firestore.query import CompiledQuery
from emulator.firestore.sessions import View


def add_metrics(view: View, query: CompiledQuery, response: Message, results: int, *, analyze: bool) -> None:
    """Fill the explain metrics of the last response.

    Args:
        view: The state that was read.
        query: The query.
        response: A RunQueryResponse or RunAggregationQueryResponse.
        results: Documents returned.
        analyze: Whether the query was run, so that execution figures belong to the answer.

    """
    scope = "Collection group" if query.scope.all_descendants else "Collection"
    properties = ", ".join(f"{'.'.join(order.path)} {'DESC' if order.descending else 'ASC'}" for order in query.orders)
    for stream in view.database.streams(query):
        response.explain_metrics.plan_summary.indexes_used.add().update(
            {"query_scope": scope, "properties": f"({properties})", "indexes_joined": len(stream.prefixes)}
        )
    if analyze:
        response.explain_metrics.execution_stats.results_returned = results
        response.explain_metrics.execution_stats.read_operations = max(1, results)
