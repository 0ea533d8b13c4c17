"""Deployment checks."""
