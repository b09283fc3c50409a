"""The rules, as fixed SQL text: one file per step, read by the engine."""
