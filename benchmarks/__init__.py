"""Speed and latency, printed as tables and JSON."""
