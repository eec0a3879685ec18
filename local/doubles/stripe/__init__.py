"""The Stripe double: what the real `stripe` SDK needs for Checkout, payment intents, refunds, disputes, settlement.

Existing packages were tried first. localstripe answers neither Checkout Sessions nor disputes, forgets idempotency
keys (the same key makes two payments) and pays one charge back twice; stripe-mock, Stripe's own, checks parameters
but remembers nothing. Where money could be lost or minted they are silent, so this double is the project's own.
"""
