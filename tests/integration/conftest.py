"""For all tests of rooms and of the local stand-ins."""

from tests.firebase_app import own_firebase_app

__all__ = ["own_firebase_app"]
