"""Support: inquiries, complaints and appeals, answered by staff, with a clock that starts when they are settled."""
