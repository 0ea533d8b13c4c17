"""The demo organisation: invented people and services, real log files, planted incidents. docs/demo.md lists them."""
