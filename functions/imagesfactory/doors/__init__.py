"""Doors: the only place that knows firebase_functions. A door says who may come in, what was asked, and what to answer.

callables.py  signed-in clients      identity.py   Firebase Authentication, before it lets somebody in
tasks.py      Cloud Tasks            triggers.py   Firestore, after a commit
webhooks.py   payment providers      callables_payments.py   clients who buy
schedules.py  Cloud Scheduler        callers.py    who is asking       answers.py   errors to answers
"""

from imagesfactory import bootstrap
from imagesfactory.doors import options
from imagesfactory.kit import log

# Before any door is declared: the options hold for functions declared after them, and ID tokens of callables are
# checked with the Firebase app before our code is reached.
log.reduce_libraries()
options.apply()
options.declare_parameters()
bootstrap.prepare()
