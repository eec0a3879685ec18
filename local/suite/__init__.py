"""Runs the official Firebase emulator suite with our stand-ins and the provider doubles, and leaves nothing behind."""

from local.suite.addresses import Address, Addresses
from local.suite.configuration import FunctionsEnvironment
from local.suite.errors import SuiteError
from local.suite.suite import Suite, SuiteOptions, running

__all__ = ["Address", "Addresses", "FunctionsEnvironment", "Suite", "SuiteError", "SuiteOptions", "running"]
