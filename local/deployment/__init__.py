"""From an empty Google Cloud project to production, and back from a backup: every step as a command that can be shown
before it is run.

declared.py  what the code declares: functions, queues, secrets      accounts.py  who acts, and what each may
plan.py      the steps of a deployment, in order                     alerts.py    what wakes somebody (alerts.yaml)
audit.py     Google's logs of who looked at what                     incident.py  clocks and notices of a leak
upkeep.py    rotating a secret, drilling a restore, recovering       runner.py    shows steps, or runs them
"""
