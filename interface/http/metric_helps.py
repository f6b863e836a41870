"""What each metric of the service says of itself: the table of docs/metrics.md is made of this."""

from types import MappingProxyType

HELP = MappingProxyType(
    {
        "store_up": (
            "1 while the database answers; otherwise 0, and metrics from the database are absent"
        ),
        "process_restarts": (
            "How often a process of this server had to be replaced; process: 0 is the background "
            "worker; the others answer requests"
        ),
        "log_lines_dropped": (
            "Log lines that this server could not write, because the disk behind standard error is "
            "full or nobody reads the pipe"
        ),
        "http_request_duration_seconds": (
            "How long this server took to answer requests; route: the template of the address, or "
            "none for an unknown address; status: 2xx to 5xx; a stream of the feed counts when its "
            "head is sent"
        ),
        "commit_batch_size": (
            "How many commands shared a commit of this server, because they waited at the same time"
        ),
        "commit_duration_seconds": (
            "How long it took to load, decide and durably commit the commands that shared a commit"
        ),
        "refusals": "Problems that this server answered with; code: the code of the problem",
        "orders": (
            "Orders that this server created or moved to a status; outcome: created, "
            "in_progress, done, canceled, expired or reinstated"
        ),
        "events_appended": "Events that this server committed",
        "money_received": "Money that came in, as gateways and sellers reported to this server",
        "money_refunded": "Money paid back, as gateways and sellers reported to this server",
        "feed_streams_open": "Streams of the feed that this server is sending",
        "feed_streams_dropped": (
            "Streams of the feed that this server ended because the client read nothing for ten "
            "seconds"
        ),
        "feed_events_sent": (
            "Events of the feed that this server sent to clients; way: pull or stream"
        ),
        "gateway_notices": (
            "Notices of payment gateways that this server answered; absent until the first"
        ),
        "webhook_tries": (
            "How often this server sent an event to a webhook; outcome: confirmed, or why it was "
            "not, such as timeout or answered_5xx; absent until the first"
        ),
        "clock_skew_seconds": (
            "How far this machine's clock is ahead of the one that decides (negative: behind), as "
            "seen within the last two seconds"
        ),
        "log_position": "The log's last position",
        "log_went_back": (
            "1 while the log lacks events that were seen in it and nobody has acknowledged that; "
            "else 0"
        ),
        "feed_stream_lag_events": (
            "Positions of the log that the slowest stream of this server has not passed; too high "
            "for up to 15 seconds after a burst; absent while there is no stream"
        ),
        "read_model_position": "The position up to which a read model shows the log",
        "read_model_lag_facts": (
            "Positions of the log that a read model does not show yet; negative while it is ahead "
            "of a log that went back"
        ),
        "read_model_lag_seconds": (
            "Age of the oldest event that a read model does not show yet; absent if that event has "
            "no time"
        ),
        "read_model_stopped": (
            "1 while a read model has stopped before an event that it cannot process"
        ),
        "read_model_stopped_since_timestamp_seconds": (
            "When a read model stopped; absent for one that has not"
        ),
        "read_model_rebuild_running": "1 while a read model is being rebuilt",
        "holds_due": (
            "Holds that have ended but are not recorded as ended yet, counted up to 100,000"
        ),
        "holds_active": "Orders whose hold on tickets has not ended, counted up to 100,000",
        "payments_waiting": (
            "Orders with money that waits for a person, counted up to 100,000, and notices that "
            "wait; code: why"
        ),
        "webhooks": "The number of webhooks; state: active, paused or off",
        "webhook_lag_events": (
            "Positions of the log that the slowest active webhook has not passed"
        ),
        "webhook_lag_seconds": (
            "How long the oldest event that an active webhook has not confirmed has waited; ignore "
            "up to five seconds, because an idle webhook stores its position only that often"
        ),
        "webhook_orders_waiting": (
            "Orders that wait for another try because one of their events was not confirmed"
        ),
        "wal_bytes": (
            "Size of the write-ahead log beside an SQLite file, which shrinks once readers of an "
            "old snapshot have ended; absent on PostgreSQL"
        ),
        "checkpoint_number": "The number of the last signed checkpoint; absent if there is none",
        "checkpoint_age_seconds": (
            "How long ago the last checkpoint was signed; it grows while there is nothing new to "
            "sign"
        ),
        "checkpoint_unsigned_positions": (
            "How many positions the log has beyond the last checkpoint"
        ),
        "verification_timestamp_seconds": (
            "When a command or a drill last verified the log; absent until one has"
        ),
        "verification_duration_seconds": "How long the last verification took",
        "verification_position": "The position of the log up to which the last verification went",
        "verification_facts": "How many events the last verification read",
        "verification_findings": "How many findings the last verification had",
        "verification_proven": (
            "1 if the last verification had no findings and a checkpoint proves the log; otherwise "
            "0"
        ),
        "verification_oversold_tickets": (
            "How many tickets two orders had at the same instant, according to the last "
            "verification"
        ),
    }
)
"""By the name of a metric, without what all begin with and without `_total`."""
