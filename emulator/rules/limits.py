"""The bounds of the rules language, each with its unit and source.

Sources: firebase.google.com/docs/firestore/security/rules-structure#security_rule_limits (Firestore),
firebase.google.com/docs/storage/security/rules-conditions (documents read from Storage rules). The call depth and
the number of evaluated expressions were confirmed by published recordings of the production service.
"""

SOURCE_BYTES = 256 * 1024
MATCH_DEPTH = 10  # nested match blocks
PATH_SEGMENTS = 100  # in one match block and its parents
PATH_CAPTURES = 20  # wildcard names in one match block and its parents
FUNCTION_PARAMETERS = 7
FUNCTION_LETS = 10
CALL_DEPTH = 20  # calls below the first function, checked when rules are compiled
EVALUATED_EXPRESSIONS = 1000  # in one request
MATCH_STEPS = 10_000  # match blocks tried for one request; ours, only nested recursive wildcards come near it

DOCUMENT_ACCESSES_SINGLE = 10  # distinct documents read for one request, query, or write of a batch
DOCUMENT_ACCESSES_MULTIPLE = 20  # distinct documents read for one batch, transaction or multi-document read
DOCUMENT_ACCESSES_STORAGE = 2  # Firestore documents read by one Storage request

VALUE_LENGTH = 10 * 1024 * 1024  # characters or elements of one built value; ours, so that doubling ends in an error

INTEGER_MINIMUM = -(2**63)
INTEGER_MAXIMUM = 2**63 - 1
