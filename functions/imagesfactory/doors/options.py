"""Where and how big the functions run, and what a deployment may choose.

Source of the bounds: cloud.google.com/functions/quotas.
"""

from __future__ import annotations

from typing import Final

from firebase_functions import options, params

from imagesfactory.kit.settings import REGION

# A browser may call from anywhere: what protects a callable is the ID token in its header, never a cookie.
ANY_ORIGIN: Final = options.CorsOptions(cors_origins="*", cors_methods=["post"])


# As whom the functions act: each account holds the rights its functions need (local/deployment grants them). The one
# that most functions have reaches the default database only; the archive and the removal of sign-ins are the keeper's.
# Written out with firebase-tools' own parameter, because it completes the short form "keeper@" for functions only, not
# where it grants secrets and makes schedules.
_ADDRESS: Final = "{name}@{{{{ params.PROJECT_ID }}}}.iam.gserviceaccount.com"
BACKEND: Final = _ADDRESS.format(name="backend")
KEEPER: Final = _ADDRESS.format(name="keeper")
OFFICER: Final = _ADDRESS.format(name="officer")
SESSIONS: Final = _ADDRESS.format(name="sessions")


def apply() -> None:
    """Set the options that hold for every function."""
    # cpu must be given: without it the SDK asks for the fractional CPU of first-generation functions, which
    # allows one request at a time.
    options.set_global_options(
        region=REGION, cpu=1, memory=options.MemoryOption.MB_512, max_instances=100, service_account=BACKEND
    )


def declare_parameters() -> None:
    """Name what a deployment may choose, so that `firebase deploy` asks for it; settings.py reads the answers."""
    params.BoolParam("APP_CHECK_REQUIRED", default=False, description="Refuse calls without an App Check token")
    params.BoolParam("STABILITY_GRPC_ENABLED", default=False, description="Offer Stability's legacy gRPC engines")
    params.StringParam("WEB_ORIGIN", default="https://imagesfactory.com", description="Where links in mails lead")
    params.StringParam("TASK_INVOKER", default="", description="Service account that calls the task functions")
    params.StringParam("OFFICER_NAME", default="", description="Name of the privacy officer")
    params.StringParam("OFFICER_TELEPHONE", default="", description="Telephone of the privacy officer")
    params.StringParam("COMPANY_ADDRESS", default="", description="Postal address, for contracts and advertising")
    params.StringParam("COMPANY_TELEPHONE", default="", description="Telephone, for contracts and advertising")
    params.StringParam("COMPANY_REPRESENTATIVE", default="", description="Name of the representative, for contracts")
    params.StringParam("TOSS_CLIENT_KEY", default="", description="Toss Payments' client key, for its window")
    params.StringParam("STRIPE_PUBLISHABLE_KEY", default="", description="Stripe's key for payment sheets in apps")
