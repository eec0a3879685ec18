"""A client app in Python: it comes in by the same doors as the web and mobile apps, and by no other.

Signs up and in over Firebase Authentication's REST API, calls functions over the callable protocol, and watches its
own documents over Firestore's Listen stream with its own ID token, so under the security rules.
"""

from local.client.app import NAME, CallRefused, ClientApp, Member, SignInRefused, signup_statements
from local.client.watch import Watch

__all__ = ["NAME", "CallRefused", "ClientApp", "Member", "SignInRefused", "Watch", "signup_statements"]
