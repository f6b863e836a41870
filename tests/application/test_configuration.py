"""Settings by flag, environment, file or default, each with where it comes from."""

import pytest

from application.configuration import (
    CONFIG,
    BadFlag,
    BadSetting,
    read_configuration,
    unknown_settings,
)
from application.settings import TABLE, Settings


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for variable in (CONFIG, *(each.variable for each in TABLE.values())):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def write(folder, text, name="orderlog.toml"):
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_nothing_set_is_all_defaults():
    read = read_configuration()
    assert read.settings == Settings()
    assert set(read.origins.values()) == {"default"}
    assert read.file is None


def test_a_flag_wins_over_the_environment_over_a_file_over_the_default(folder, monkeypatch):
    write(folder, "\nthreads = 3\nworkers = 3\nlisten_port = 3\n")
    monkeypatch.setenv("ORDERLOG_WORKERS", "2")
    monkeypatch.setenv("ORDERLOG_LISTEN_PORT", "2")
    read = read_configuration({"listen_port": "1"})
    found = read.settings
    assert (found.listen_port, found.workers, found.threads, found.connections) == (1, 2, 3, 4096)
    assert [
        read.origins[each] for each in ("listen_port", "workers", "threads", "connections")
    ] == [
        "flag --port",
        "environment ORDERLOG_WORKERS",
        "orderlog.toml:2",
        "default",
    ]


def test_a_file_has_lists_and_words_of_its_own(folder):
    write(folder, 'proxies = ["10.0.0.1", "10.1.0.0/16"]\nwebhooks = false\nsweep_seconds = 2\n')
    found = read_configuration().settings
    assert found.proxies == ("10.0.0.1", "10.1.0.0/16")
    assert found.webhooks is False
    assert found.sweep_seconds == 2.0


def test_the_file_that_is_named_is_read_instead(folder, monkeypatch):
    write(folder, "threads = 1")
    other = write(folder, "threads = 2", "other.toml")
    third = write(folder, "threads = 3", "third.toml")
    monkeypatch.setenv(CONFIG, other)
    assert read_configuration().settings.threads == 2
    assert read_configuration(file=third).settings.threads == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nthreds = 1", r"^threds in orderlog.toml:2 is not a setting .*did you mean threads\?$"),
        ("xyzzy = 1", r"^xyzzy in orderlog.toml:1 .*docs/settings.md lists them\.$"),
        ("[threads]\nmost = 1", "^threads in orderlog.toml:1 has a value .*integer"),
        ("[server]\nthreads = 1", "^server in orderlog.toml:1 is not a setting"),
        ("threads = 0", "^threads in orderlog.toml:1 .*greater than or equal to 1"),
        ("threads = true", "^threads in orderlog.toml:1 "),
        ("log_level = 'LOUD'", "^log_level in orderlog.toml:1 .*DEBUG, INFO, WARNING, ERROR"),
        ("proxies = ['nginx']", "^proxies in orderlog.toml:1 .*nginx"),
        ("proxies = 7", "^proxies in orderlog.toml:1 .*list"),
        ("sweep_seconds = nan", "^sweep_seconds in orderlog.toml:1 "),
        ("threads = = 1", "^orderlog.toml is not a TOML file: .*line 1"),
        ('database = "\ud800"', "^orderlog.toml is not a TOML file"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_by_name_and_line(folder, text, said):
    (folder / "orderlog.toml").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(BadSetting, match=said):
        read_configuration()


def test_a_file_that_is_named_and_not_there_is_refused(folder):
    with pytest.raises(
        BadSetting, match=r"^none.toml cannot be read: No such file or directory\.$"
    ):
        read_configuration(file="none.toml")


def test_a_file_that_everybody_may_write_is_not_found_but_may_be_named(folder):
    path = write(folder, "threads = 1")
    (folder / "orderlog.toml").chmod(0o666)
    with pytest.raises(BadSetting, match=rf"{path} .* everybody can write it"):
        read_configuration()
    assert read_configuration(file=path).settings.threads == 1


def test_a_bad_flag_is_wrong_usage():
    with pytest.raises(BadFlag, match="--port has a value"):
        read_configuration({"listen_port": "70000"})


def test_what_an_orchestrator_sets_for_a_service_of_this_name_sets_nothing(monkeypatch):
    """Kubernetes gives every container ORDERLOG_PORT, once there is a service `orderlog`."""
    monkeypatch.setenv("ORDERLOG_PORT", "tcp://10.0.0.11:8080")
    monkeypatch.setenv("ORDERLOG_SERVICE_HOST", "10.0.0.11")
    assert read_configuration().settings == Settings()


def test_variables_that_are_no_settings_are_named_with_what_was_meant(monkeypatch):
    for name in ("ORDERLOG_DATABSE", "ORDERLOG_threads", CONFIG, "ORDERLOG_SANDBOX_SECRET"):
        monkeypatch.setenv(name, "1")
    nothing = "is not a setting of orderlog, and is ignored; did you mean"
    assert unknown_settings() == [
        f"ORDERLOG_DATABSE {nothing} ORDERLOG_DATABASE?",
        f"ORDERLOG_threads {nothing} ORDERLOG_THREADS?",
    ]
