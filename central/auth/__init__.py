"""Who may do what: people by session cookie, boxes by bearer token, and the audit log."""
