"""Admission: landed objects become accepted and refused rows, each exactly once."""
