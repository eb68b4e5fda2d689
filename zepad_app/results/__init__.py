"""The tabs of the results page: each turns one part of an AuditReport into a picture and the figures behind it."""
