"""What the commands of an operator share: on which backend they work, and clear words when there is none."""

from local.operator.backend import Backend, connect
from local.operator.command import parser, run_command
from local.operator.errors import OperatorError

__all__ = ["Backend", "OperatorError", "connect", "parser", "run_command"]
