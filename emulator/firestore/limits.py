"""Every bound of the Firestore server: its name, unit, source and whether the bound itself is allowed.

Sources: [quotas] cloud.google.com/firestore/quotas, [size] cloud.google.com/firestore/docs/storage-size,
[queries] firebase.google.com/docs/firestore/query-data/queries. "At most" bounds are inclusive. Bounds
marked "ours" are this server's own.
"""

from __future__ import annotations

ID_BYTES_MAX = 1500
"""[quotas] Collection and document ids, bytes of UTF-8, at most."""

NAME_BYTES_MAX = 6 * 1024
"""[quotas] A full document name, bytes, at most."""

SUBCOLLECTION_DEPTH_MAX = 100
"""[quotas] Collections nested in one path, at most."""

FIELD_NAME_BYTES_MAX = 1500
"""[quotas] One field name, bytes of UTF-8, at most."""

FIELD_PATH_BYTES_MAX = 1500
"""[quotas] A field path with its dots, bytes, at most."""

NESTING_MAX = 20
"""[quotas] Depth of maps and arrays in one field, at most."""

DOCUMENT_BYTES_MAX = 1_048_576 - 4
"""[quotas] One document by the size formula, bytes, at most."""

FIELD_VALUE_BYTES_MAX = 1_048_576 - 89
"""[quotas] One field value, bytes, at most."""

INDEXED_VALUE_BYTES_MAX = 1500
"""[quotas] What an index keeps of a value, bytes; the rest is cut off, filters are checked on the document."""

INDEX_ENTRIES_MAX = 40_000
"""[quotas] Index entries of one document, at most."""

FIELD_TRANSFORMS_MAX = 500
"""[quotas] Field transforms on one document in one commit, at most."""

BATCH_WRITES_MAX = 500
"""[quotas] Writes of one BatchWrite, at most."""

REQUEST_BYTES_MAX = 10 * 1024 * 1024
"""[quotas] One API request, bytes, at most."""

TRANSACTION_SECONDS_MAX = 270.0
"""[quotas] Age of a transaction."""

TRANSACTION_IDLE_SECONDS_MAX = 60.0
"""[quotas] Time between two requests of a transaction."""

DISJUNCTIONS_MAX = 30
"""[queries] Disjunctions of a query in disjunctive normal form, at most."""

IN_VALUES_MAX = 30
"""[queries] Comparison values of `in` and `array-contains-any`, at most."""

NOT_IN_VALUES_MAX = 10
"""[queries] Comparison values of `not-in`, at most."""

INEQUALITY_FIELDS_MAX = 10
"""[queries] Fields with a range or inequality filter in one query, at most."""

QUERY_PARTS_MAX = 100
"""[quotas] Filters, orders and parent path segments of one query together, at most."""

AGGREGATIONS_MAX = 5
"""[queries] Aggregations of one aggregation query, at most."""

NEAREST_RESULTS_MAX = 1000
"""[queries] Documents a nearest-neighbour search may return, at most."""

ENTRIES_PER_BILLED_READ = 1000
"""Index entries an aggregation reads for one billed read (firebase.google.com/docs/firestore/pricing)."""

LIST_PAGE_DEFAULT = 300
"""Documents of a ListDocuments page without page_size (ours; the API leaves it open)."""
LIST_PAGE_MAX = 100_000
"""Entries of the longest page, whatever page_size asks for (ours; the API lets a server return fewer)."""

HISTORY_SECONDS_MAX = 3600.0
"""[quotas] How far back a read time may lie (one hour without point-in-time recovery)."""

HISTORY_COMMITS_MAX = 20_000
"""Ours: commits kept for read times, read-only transactions and resume tokens."""

HISTORY_BYTES_MAX = 256 * 1024 * 1024
"""Ours: size of the document versions kept in memory for the same purpose."""

HISTORY_VERSION_BYTES = 1536
"""What a small version takes decoded, beside its bytes on the wire (measured with a million of 220 bytes)."""

CLAIM_SECONDS_MAX = 10.0
"""Ours: how long a retried transaction may keep others from writing what it claims."""

PLAIN_WRITE_WAIT_SECONDS_MAX = 2.0
"""Ours: how long a write outside a transaction waits for a claim before it goes through all the same."""

FINISHED_TRANSACTIONS_MAX = 10_000
"""Ours: aborted transactions remembered, so that a retry can claim what it lost."""
