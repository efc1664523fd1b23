"""Behaviour tree, guard, deterrent policy, incident log and report."""
