"""What was acknowledged is kept on disk, and read again as it was."""

import threading

from application.integrity.sale_proof import AcknowledgedResult
from domain.status import Status
from interface.load import acknowledged
from interface.load.acknowledged import AcknowledgedResults


def result(number):
    tickets = tuple(f"{number:024x}" for _ in range(number % 3))
    return AcknowledgedResult(f"{number:024x}", Status.DONE, tickets, number)


def test_all_results_come_back_in_their_sequence(monkeypatch):
    monkeypatch.setattr(acknowledged, "CHUNK_BYTES", 100)
    kept = AcknowledgedResults()
    given = [*map(result, range(50)), AcknowledgedResult("c" * 24, Status.CANCELED)]
    for each in given:
        kept.add(each)
    assert len(kept) == 51
    assert list(kept) == given == list(kept)
    kept.add(result(51))
    assert list(kept)[-1] == result(51)


def test_they_are_whole_while_threads_add_more():
    kept = AcknowledgedResults()

    def add(number):
        for each in range(2000):
            kept.add(result(number * 2000 + each))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    while any(each.is_alive() for each in threads):
        assert all(each == result(each.version) for each in kept)
    assert {each.version for each in kept} == set(range(8000))
