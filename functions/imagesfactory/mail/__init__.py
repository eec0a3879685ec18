"""Mail: an outbox whose letters are written down with their cause, rendered late, sent once and forgotten at once.

words.py      what there is to say        outbox.py     writes a letter's facts in its cause's own commit
rendering.py  facts to subject and body   delivery.py   lease, render, hand over, erase
                                          pushing.py    hand over to a member's devices instead
"""
