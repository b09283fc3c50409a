"""Builders of input that nobody should write and everybody meets: lines, whole files, delivery logs."""
