"""Products that people would otherwise have, each installed apart and run in a process of its own."""
