"""The tables about who has access: a step of the layout (`layout.py`)."""

ACCESS = """
CREATE TABLE key_usage (
    key_id text COLLATE "C" PRIMARY KEY,
    at bigint NOT NULL
);
CREATE TABLE console_sessions (
    digest text COLLATE "C" PRIMARY KEY,
    id text NOT NULL,
    key_name text NOT NULL,
    zone text NOT NULL,
    began bigint NOT NULL,
    used bigint NOT NULL,
    address text NOT NULL,
    agent text NOT NULL
);
CREATE INDEX console_sessions_by_key ON console_sessions (key_name);
CREATE TABLE admin_trail (
    number bigint PRIMARY KEY,
    at bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    about bytea NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO counters VALUES ('trail', 0);
DELETE FROM catalog WHERE kind = 'secret';
"""
"""When keys were last used, who is signed in at the console, and the administrative trail. The
secret that signed cookies goes: sessions are found by reference."""
