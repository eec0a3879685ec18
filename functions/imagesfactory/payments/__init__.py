"""Payments: orders, the inbox of webhooks, refunds, disputes, receipts and the daily settlement.

One function decides what a payment means: :func:`imagesfactory.payments.fold.fold` takes what the provider says now
and what we recorded, and is run again whenever anything hints at a change. Events therefore may come in any order.
"""
