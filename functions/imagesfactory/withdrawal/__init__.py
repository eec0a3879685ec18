"""Withdrawal: a member leaves. Money is settled, what the law keeps moves to the archive, all else is erased.

service.py     shows what it will mean, begins it     process.py      its checkpointed steps, one after the other
settling.py    jobs, refunds, points                  archive.py      copy, read back, compare
nameless.py    what of a record the archive keeps     last_letter.py  what is told while there is an address
erasure.py     records, files, processors' copies     left_visits.py  what is left of those who never joined
open_money.py  what a provider may still change       guardians.py    a child's account goes on a guardian's word
sweep.py       finds the stuck ones, and accounts that were deleted from outside
"""
