"""Scenarios, simulations, rubrics, coaching: what happens here never touches the real figures."""
