"""One order whose events make none is named, and the orders beside it are checked all the same."""

from mixed_orders import load_shows, make_mixed_orders

from application.integrity import partition_check
from application.integrity.findings import Kind
from application.integrity.verification import verify
from application.integrity.workers import here
from application.projector.loop import catch_up
from application.read_models.registry import PROJECTIONS


def test_it_ends_no_other_orders_checks(services, monkeypatch):
    load_shows(services.store, 200)
    make_mixed_orders(services, 50)
    for name in PROJECTIONS:
        catch_up(services.store, name)
    broken = services.store.log(0, 1)[0].originator_id
    replay = partition_check._replay

    def refuse(order, checked):
        replay(order, checked)
        if checked.order == broken:
            raise ValueError(broken)

    monkeypatch.setattr(partition_check, "_replay", refuse)
    report = verify(services.store, here(services.store), lambda *_: None)
    assert {each.order for each in report.findings if each.order} == {broken}
    assert [each.kind for each in report.findings].count(Kind.UNREADABLE) == 1
