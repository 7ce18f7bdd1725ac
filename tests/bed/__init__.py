"""What tests stand on: the server, the databases made from a template, the way back to a clean one."""
