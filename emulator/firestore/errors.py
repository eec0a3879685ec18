"""The one error the Firestore server answers with: a gRPC status code and its text."""

from __future__ import annotations

import grpc


class StatusError(Exception):
    """A refusal that reaches the client as a status.

    Attributes:
        code: The gRPC status code.
        message: The text the client sees.

    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def number(self) -> int:
        """The code as google.rpc.Status carries it (0..16)."""
        number: int = self.code.value[0]
        return number


def invalid_argument(message: str) -> StatusError:
    """The request can never succeed as it is written."""
    return StatusError(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> StatusError:
    """What was named does not exist."""
    return StatusError(grpc.StatusCode.NOT_FOUND, message)


def already_exists(message: str) -> StatusError:
    """What should be created exists."""
    return StatusError(grpc.StatusCode.ALREADY_EXISTS, message)


def failed_precondition(message: str) -> StatusError:
    """The state forbids the request (stale version, missing index, too old read time)."""
    return StatusError(grpc.StatusCode.FAILED_PRECONDITION, message)


def aborted(message: str) -> StatusError:
    """Another transaction was faster; the client should begin again."""
    return StatusError(grpc.StatusCode.ABORTED, message)


def permission_denied(message: str) -> StatusError:
    """The security rules refuse the caller."""
    return StatusError(grpc.StatusCode.PERMISSION_DENIED, message)


def unimplemented(message: str) -> StatusError:
    """The server knows the feature and does not offer it."""
    return StatusError(grpc.StatusCode.UNIMPLEMENTED, message)
