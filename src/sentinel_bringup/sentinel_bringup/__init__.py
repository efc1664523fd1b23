"""The list of nodes, launch files and the sentinel command."""
