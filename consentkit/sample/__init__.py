"""A made-up shop's events and delivery log, with faults planted and counted: sample data and benchmark.

:func:`write_sample` writes it; :class:`SampleTruth` says exactly what was planted. The generator decides
on its own what should have been delivered and uses no other part of consentkit for that, so that its counts
can check the rest.
"""

from __future__ import annotations

from consentkit.sample.truth import Fault, SampleTruth
from consentkit.sample.write import write_sample

__all__ = ["Fault", "SampleTruth", "write_sample"]
