"""Words that would be true in any product: clock, ids, errors, settings, log, unit of work."""
