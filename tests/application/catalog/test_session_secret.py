"""The secret of the console's sessions: one for all processes, told to nobody."""

from click.testing import CliRunner

from application.bootstrap import build
from application.settings import Settings
from interface.cli.main import cli


def test_all_processes_of_a_service_have_the_same_secret(office):
    first = office.services.session_secret.value()
    second = build(Settings(database=office.database))
    third = build(Settings(database=office.database))
    assert second.session_secret.value() == first
    assert third.session_secret.value() == first == office.services.session_secret.value()
    assert len(first) == 64
    second.close()
    third.close()


def test_two_processes_that_ask_at_once_agree(office):
    other = build(Settings(database=office.database))
    assert not other.catalog.current().secrets
    made = office.services.session_secret.value()
    assert not other.catalog.current().secrets
    assert other.session_secret.value() == made
    other.close()


def test_each_service_has_its_own(office, tmp_path):
    other = build(Settings(database=f"sqlite:///{tmp_path / 'other.db'}"))
    assert other.session_secret.value() != office.services.session_secret.value()
    other.close()


def test_the_catalogue_does_not_tell_it(office):
    secret = office.services.session_secret.value()
    for options in ([], ["--json"]):
        shown = CliRunner().invoke(
            cli, ["--database", office.database, "catalog", "show", *options]
        )
        assert shown.exit_code == 0
        assert secret not in shown.output
