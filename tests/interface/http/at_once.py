"""Several sellers asking at the same time, each from a thread of its own."""

import threading

PATIENCE_SECONDS = 20


def at_once(*asks):
    """The answers to these questions (functions), asked at the same moment, in their order."""
    start = threading.Barrier(len(asks))
    answers = [None] * len(asks)

    def run(place, ask):
        start.wait(PATIENCE_SECONDS)
        answers[place] = ask()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(asks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def overtaken(clock, first, second):
    """The answers to two questions: the second one comes while the first is being decided.

    Whoever decides looks at the clock; there the first one is held up until the second one has
    looked, too, and so has come.
    """
    names = ("asks first", "asks second")
    deciding, has_come = threading.Event(), threading.Event()
    looks = []

    def on_look():
        name = threading.current_thread().name
        if name == names[1]:
            has_come.set()
        elif name == names[0]:
            looks.append(name)
            if len(looks) == 2:  # the first look is at its coming
                deciding.set()
                assert has_come.wait(PATIENCE_SECONDS)

    answers = {}
    threads = [
        threading.Thread(target=lambda n=name, a=ask: answers.update({n: a()}), name=name)
        for name, ask in zip(names, (first, second), strict=True)
    ]
    clock.on_look = on_look
    try:
        threads[0].start()
        assert deciding.wait(PATIENCE_SECONDS)
        threads[1].start()
    finally:
        has_come_at_last = threading.Timer(PATIENCE_SECONDS, has_come.set)
        has_come_at_last.daemon = True
        has_come_at_last.start()
        for thread in threads:
            if thread.ident is not None:
                thread.join(PATIENCE_SECONDS)
        has_come_at_last.cancel()
        clock.on_look = lambda: None
    return [answers[name] for name in names]
