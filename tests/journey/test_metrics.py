"""What Prometheus reads of a real server: every process tells the same."""

import psycopg
from polling import until
from prometheus_client.parser import text_string_to_metric_families
from server import orderlog, serving


def scrape(service):
    """All numbers, by name and read model."""
    answer = service.send("GET", "/metrics", {})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_orders_move_the_log_and_then_the_read_models(service):
    before = scrape(service)["orderlog_log_position"]
    service.order()
    until(
        lambda: scrape(service)["orderlog_read_model_position orders"] > before,
        "the list does not catch up",
    )
    told = until(lambda: shown(scrape(service)), "the read models are never all there")
    assert told["orderlog_log_position"] > before
    assert told["orderlog_store_up"] == 1
    assert told["orderlog_read_model_stopped sales"] == 0
    assert told["orderlog_holds_due"] == 0


def shown(told):
    names = ("orders", "sales", "holds", "refunds")
    return all(told[f"orderlog_read_model_lag_facts {name}"] == 0 for name in names) and told


def test_what_a_verification_from_the_command_line_found_is_told_by_every_process(service):
    service.order()
    verified = orderlog("audit", "verify", "--database", service.database)
    assert verified.returncode in {0, 3}  # whether something is signed yet is a matter of time
    for _ in range(6):
        told = scrape(service)
        assert 0 < told["orderlog_verification_facts"] <= told["orderlog_log_position"]
        assert told["orderlog_verification_findings"] == 0
        assert told["orderlog_verification_oversold_tickets"] == 0


def test_a_database_that_is_away_is_a_number_too(server, log):
    with server.database() as url, serving(url, log) as service:
        assert scrape(service)["orderlog_store_up"] == 1
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        server.administrate(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.administrate(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        told = scrape(service)
        restarts = {f"orderlog_process_restarts_total {process}": 0 for process in (0, 1)}
        traffic = ("orderlog_http_", "orderlog_commit_", "orderlog_refusals_", "orderlog_feed_")
        told = {name: each for name, each in told.items() if not name.startswith(traffic)}
        assert told == {"orderlog_store_up": 0, "orderlog_log_lines_dropped_total": 0, **restarts}
        server.administrate(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        until(lambda: scrape(service)["orderlog_store_up"], "it does not come back")
