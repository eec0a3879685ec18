"""Benchmarks: each module measures one budget of the design and answers rows; `make bench` prints them as one table."""

from local.bench.rows import Row

__all__ = ["Row"]
