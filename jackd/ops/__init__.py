"""What an operator meets: command line, logs, systemd."""
