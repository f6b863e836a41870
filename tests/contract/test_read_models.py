from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from application.ports.read_models import BeingRebuilt, KeyTwice, ModelState, Page, Row, Table
from application.ports.store import StoreUnavailable
from application.runtime.clock import now, to_ms

TABLE = Table(
    "orders",
    {"vendor": str, "number": int, "due": int},
    indexes=(("vendor", "number"), ("due",)),
)


def row(key, vendor="v", number=1, due=None, document=b"{}"):
    return Row(key, (vendor, number, due), document)


@pytest.fixture
def models(store):
    store.read_models().ensure(TABLE)
    return store.read_models()


def fill(models, *rows):
    state = models.state("orders")
    assert models.commit(state, rows, state.position + 1)


def keys(models, **page):
    return [each.document.decode() for each in models.page("orders", Page(**page))]


def rows_of(models, state):
    with models.snapshot(state) as (_, rows):
        return list(rows)


def documents(models, state):
    return {each.key: each.document for each in rows_of(models, state)}


def test_a_new_read_model_stands_at_the_beginning(models):
    assert models.state("orders") == ModelState("orders", 1, 0)
    assert keys(models, sort="number") == []


def test_several_states_come_together(models):
    other = msgspec.structs.replace(TABLE, name="sales")
    models.ensure(other)
    fill(models, row("a"))
    states = models.states(["orders", "sales"])
    assert states == {name: models.state(name) for name in ("orders", "sales")}
    assert states["orders"].position == 1


def test_making_it_again_keeps_what_is_there(models):
    fill(models, row("a"))
    models.ensure(TABLE)
    assert models.state("orders").position == 1
    assert len(keys(models, sort="number")) == 1


def test_rows_and_position_are_written_together(models):
    state = models.state("orders")
    assert models.commit(state, [row("a", document=b"\x00\xff"), row("b")], 7)
    assert models.state("orders").position == 7
    assert rows_of(models, state) == [row("a", document=b"\x00\xff"), row("b")]


def test_a_row_is_replaced_whole(models):
    fill(models, row("a", "v", 1, 5, b"old"))
    fill(models, row("a", "w", 2, None, b"new"))
    assert keys(models, sort="number", where=(((("vendor", "=", "w"),),),)) == ["new"]
    assert keys(models, sort="number", where=(((("due", ">=", 0),),),)) == []


def test_a_position_can_move_without_rows(models):
    assert models.commit(models.state("orders"), [], 5)
    assert models.state("orders").position == 5


def test_who_comes_second_writes_nothing(models):
    state = models.state("orders")
    assert models.commit(state, [row("a")], 5)
    assert not models.commit(state, [row("a", document=b"late"), row("b")], 6)
    assert documents(models, state) == {"a": b"{}"}
    assert models.state("orders").position == 5


def test_why_it_stands_still_is_noted_until_it_moves(models):
    models.stop(models.state("orders"), "unknown event")
    assert models.state("orders").stopped == "unknown event"
    fill(models, row("a"))
    assert models.state("orders").stopped is None


def test_since_when_it_stands_still_is_noted_until_it_moves(models):
    began = to_ms(now())
    models.stop(models.state("orders"), "unknown event")
    since = models.state("orders").stopped_since
    assert began <= since <= to_ms(now())
    while to_ms(now()) <= since:
        pass
    models.stop(models.state("orders"), "no room")
    assert models.state("orders").stopped_since == since
    fill(models, row("a"))
    assert models.state("orders").stopped_since is None
    models.stop(models.state("orders"), "unknown event")
    assert models.state("orders").stopped_since >= since


def numbered(models, count):
    fill(
        models,
        *(
            row(f"k{n}", "even" if n % 2 == 0 else "odd", n // 2, n, f"{n}".encode())
            for n in range(count)
        ),
    )


@pytest.mark.parametrize("apart", [False, True])
def test_some_columns_of_a_page_are_read_in_their_order(models, apart):
    fill(models, row("a", number=2), row("b", number=1, due=5, document=b"\x00"), row("c", "w"))
    page = Page(sort="number", where=(((("vendor", "=", "v"),),),), apart=apart, descending=False)
    found = models.values("orders", page, ("document", "due", "key"))
    assert found == [(b"\x00", 5, "b"), (b"{}", None, "a")]


def test_rows_come_sorted_and_then_by_key(models):
    numbered(models, 5)
    assert keys(models, sort="number", descending=False) == ["0", "1", "2", "3", "4"]
    assert keys(models, sort="number") == ["4", "3", "2", "1", "0"]
    assert keys(models, sort="number", limit=2) == ["4", "3"]


@pytest.mark.parametrize("descending", [True, False])
def test_pages_join_without_gap_or_repeat(models, descending):
    numbered(models, 7)
    whole = keys(models, sort="number", descending=descending)
    seen, after = [], None
    while page := keys(models, sort="number", descending=descending, after=after, limit=2):
        seen += page
        after = (int(page[-1]) // 2, f"k{page[-1]}")
    assert seen == whole


def test_conditions_narrow_the_list(models):
    numbered(models, 8)
    even = ((("vendor", "=", "even"),),)
    assert keys(models, sort="number", where=(even,)) == ["6", "4", "2", "0"]
    low_or_high = ((("due", "<", 2),), (("due", ">=", 5), ("due", "<=", 6)))
    assert keys(models, sort="number", where=(low_or_high,)) == ["6", "5", "1", "0"]
    assert keys(models, sort="number", where=(even, low_or_high)) == ["6", "0"]
    assert keys(models, sort="number", where=(((("vendor", "=", "no\0ne"),),),)) == []


def test_an_unknown_comparison_is_refused(models):
    with pytest.raises(ValueError, match="LIKE"):
        keys(models, sort="number", where=(((("vendor", "LIKE", "v"),),),))


def test_a_snapshot_goes_over_all_rows_by_key_with_their_position(models):
    numbered(models, 2500)
    with models.snapshot(models.state("orders")) as (position, rows):
        assert next(rows).key == "k0"
        fill(models, row("k9999"))
        assert position == 1
        assert [each.key for each in rows] == sorted(f"k{n}" for n in range(2500))[1:]
    assert models.state("orders").position == 2


def begin(models, target=9, split_keys=("m",), table=TABLE):
    return models.begin(table, "this code", target, split_keys)


def load_all(models, state, *rows):
    """Load the rows in the ranges that they belong to."""
    for partition in models.pending(state):
        mine = [each for each in rows if partition.lower <= each.key < (partition.upper or "~")]
        assert models.load(state, partition, mine, events=len(mine))


def test_a_new_generation_shows_only_once_it_is_swapped_in(models):
    fill(models, row("a", document=b"old"))
    build = begin(models)
    load_all(models, build.state, row("a", document=b"new"), row("x", document=b"new"))
    models.finish(build)
    assert models.reload(build.state) == ModelState("orders", 2, 9)
    assert keys(models, sort="number") == ["old"]
    assert models.swap(build.state)
    assert keys(models, sort="number") == ["new", "new"]
    assert models.state("orders") == ModelState("orders", 2, 9)
    assert models.build(TABLE) is None


def test_a_new_generation_has_the_indexes_and_is_projected_like_any_other(models):
    build = begin(models, split_keys=())
    load_all(models, build.state, *(row(f"k{n}", number=n) for n in range(20)))
    models.finish(build)
    state = models.reload(build.state)
    assert models.commit(state, [row("k3", number=99)], 10, gone=["k4"])
    assert models.swap(models.reload(state))
    assert [each.key for each in models.page("orders", Page(sort="number", limit=2))] == [
        "k3",
        "k19",
    ]
    assert len(rows_of(models, state)) == 19


def test_the_ranges_between_points_are_loaded_each_once(models):
    build = begin(models, split_keys=("f", "p"))
    parts = models.pending(build.state)
    assert [(each.lower, each.upper) for each in parts] == [("", "f"), ("f", "p"), ("p", None)]
    assert models.load(build.state, parts[1], [row("g")], events=7)
    assert models.loaded(build.state) == 7
    assert models.pending(build.state) == [parts[0], parts[2]]
    assert not models.load(build.state, parts[1], [row("g"), row("h")], events=8)
    assert models.loaded(build.state) == 7
    assert list(documents(models, build.state)) == ["g"]


def test_what_is_loaded_is_found_again_after_its_maker_ended(open_store):
    first = open_store().read_models()
    first.ensure(TABLE)
    assert first.build(TABLE) is None
    begun = begin(first)
    partition = first.pending(begun.state)[0]
    first.load(begun.state, partition, [row("a")], events=1)
    second = open_store().read_models()
    second.ensure(TABLE)
    assert second.build(TABLE) == begun
    assert [each.number for each in second.pending(begun.state)] == [1]


def test_what_an_earlier_attempt_left_is_dropped_and_its_number_is_not_used_again(models):
    left = begin(models)
    load_all(models, left.state, row("a"))
    fresh = begin(models)
    assert (left.state.generation, fresh.state.generation) == (2, 3)
    assert models.build(TABLE) == fresh
    assert len(models.pending(fresh.state)) == 2
    models.drop(fresh.state)
    assert begin(models).state.generation == 4


def test_finishing_twice_does_no_harm(models):
    build = begin(models)
    load_all(models, build.state, row("a"))
    models.finish(build)
    models.commit(models.reload(build.state), [], 11)
    models.finish(build)
    assert models.reload(build.state).position == 11


def test_a_key_that_two_orders_have_is_told_at_the_end(models):
    build = begin(models)
    first, second = models.pending(build.state)
    models.load(build.state, first, [row("twice")], events=1)
    models.load(build.state, second, [row("twice")], events=1)
    with pytest.raises(KeyTwice, match="twice"):
        models.finish(build)


def test_ranges_that_add_up_add_their_rows_to_each_other(sales):
    build = begin(sales, table=SALES)
    first, second = sales.pending(build.state)
    sales.load(build.state, first, [Row("a", ("show", 2, 10)), Row("b", ("show", 1, 5))], events=3)
    sales.load(build.state, second, [Row("a", ("show", 1, 7))], events=1)
    sales.finish(build)
    assert rows_of(sales, build.state) == [Row("a", ("show", 3, 17)), Row("b", ("show", 1, 5))]


def test_ranges_that_share_many_keys_are_loaded_side_by_side(sales):
    """Two that locked the same rows in different orders waited for each other until one failed."""
    shared = [Row(f"{number:04}", ("show", 1, 1)) for number in range(2000)]
    build = sales.begin(SALES, "v1", 0, [f"{number:04}" for number in range(1, 12)])

    def load(partition):
        backwards = partition.number % 2
        return sales.load(build.state, partition, shared[::-1] if backwards else shared, events=1)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(load, sales.pending(build.state)))
    sales.finish(build)
    assert {each.columns[1] for each in rows_of(sales, build.state)} == {12}


def made_beside(models, table, *rows):
    """The states of the live generation and of a new one with these rows."""
    build = begin(models, table=table)
    load_all(models, build.state, *rows)
    models.finish(build)
    return models.state(table.name), models.reload(build.state)


@pytest.mark.parametrize(
    ("rows", "agree"),
    [
        ([row("a"), row("b", due=None), row("n", due=7)], True),
        ([row("n", due=7), row("b"), row("a")], True),
        ([row("a"), row("b")], False),
        ([row("a"), row("b"), row("n", due=7), row("o")], False),
        ([row("a"), row("b"), row("o", due=7)], False),
        ([row("a"), row("b"), row("n", due=8)], False),
        ([row("a"), row("b", due=7), row("n")], False),
        ([row("a"), row("b", document=b"[]"), row("n", due=7)], False),
    ],
)
def test_two_generations_agree_if_all_their_rows_do(models, rows, agree):
    fill(models, row("a"), row("b"), row("n", due=7))
    with models.comparison(*made_beside(models, TABLE, *rows)) as (position, same):
        assert (position, same()) == (1, agree)


def test_generations_that_add_up_agree_without_the_rows_that_came_to_nought(sales):
    add(sales, ("a", ("show", 1, 1)), ("b", ("show", 2, 2)))
    add(sales, ("a", ("show", -1, -1)))
    with sales.comparison(*made_beside(sales, SALES, Row("b", ("show", 2, 2)))) as (_, same):
        assert same()


def test_a_comparison_is_with_the_live_generation_as_it_was_at_its_beginning(models):
    fill(models, row("a"))
    live, new = made_beside(models, TABLE, row("a"))
    with models.comparison(live, new) as (position, same):
        fill(models, row("b"))
        assert (position, same()) == (1, True)
        assert models.commit(models.reload(new), [row("b")], models.reload(new).position + 1)
    with models.comparison(models.state("orders"), new) as (position, same):
        assert (position, same()) == (2, True)


def test_a_generation_that_is_behind_the_live_one_is_not_swapped_in(models):
    build = begin(models, target=3)
    load_all(models, build.state)
    models.finish(build)
    models.commit(models.state("orders"), [row("a")], 4)
    assert not models.swap(models.reload(build.state))
    assert models.state("orders").generation == 1
    models.commit(models.reload(build.state), [row("a")], 4)
    assert models.swap(models.reload(build.state))
    assert models.state("orders").generation == 2


def test_the_generation_before_is_kept_and_can_be_live_again(models):
    assert models.kept("orders") is None
    for generation in (2, 3):
        build = begin(models, target=generation)
        load_all(models, build.state, row("a", document=b"%d" % generation))
        models.finish(build)
        assert models.swap(build.state)
    kept = models.kept("orders")
    assert kept == ModelState("orders", 2, 2)
    assert not models.swap(kept)
    assert models.commit(kept, [row("b")], 3)
    assert models.swap(models.reload(kept))
    assert models.state("orders") == ModelState("orders", 2, 3)
    assert models.kept("orders") == ModelState("orders", 3, 3)
    assert keys(models, sort="number") == ["{}", "2"]


def test_who_still_has_a_generation_that_was_dropped_writes_nothing(open_store):
    first, second = open_store().read_models(), open_store().read_models()
    first.ensure(TABLE)
    second.ensure(TABLE)
    late = second.state("orders")
    for target in (1, 2):
        build = begin(first, target=target)
        load_all(first, build.state)
        first.finish(build)
        assert first.swap(build.state)
    second.commit(late, [row("a")], 5)
    assert second.state("orders") == ModelState("orders", 3, 2)
    assert keys(second, sort="number") == []


def test_only_one_makes_a_generation_of_a_read_model_at_a_time(open_store):
    first, second = open_store().read_models(), open_store().read_models()
    with first.rebuilding("orders"):
        with pytest.raises(BeingRebuilt), second.rebuilding("orders"):
            pass
        with second.rebuilding("sales"):
            pass
    with second.rebuilding("orders"):
        pass


def test_whether_a_generation_is_being_made_can_be_seen_by_all(open_store):
    first, second = open_store().read_models(), open_store().read_models()
    assert not second.is_rebuilding("orders")
    with first.rebuilding("orders"):
        assert second.is_rebuilding("orders")
        assert not second.is_rebuilding("sales")
    assert not second.is_rebuilding("orders")


def test_rows_are_counted_up_to_a_limit(models):
    numbered(models, 7)
    even = ((("vendor", "=", "even"),),)
    assert models.count("orders", Page("number", (even,))) == 4
    assert models.count("orders", Page("number", (even,), limit=3)) == 3
    assert models.count("orders", Page("number", (((("number", ">", 99),),),))) == 0


def test_the_values_of_a_column_are_tallied_up_to_a_limit(models):
    numbered(models, 7)
    every = Page("number")
    assert models.tally("orders", every, "vendor") == {"even": 4, "odd": 3}
    low = Page("number", (((("number", "<", 3),),),))
    assert models.tally("orders", low, "vendor") == {"even": 3, "odd": 3}
    assert sum(models.tally("orders", Page("number", limit=5), "vendor").values()) == 5
    assert models.tally("orders", Page("number", (((("number", ">", 99),),),)), "vendor") == {}


def test_a_table_of_another_version_of_the_service_is_filled_again(models, open_store):
    fill(models, row("a"))
    assert not models.renew(TABLE)
    wider = Table("orders", {**TABLE.columns, "phone": str}, (*TABLE.indexes, ("phone",)))
    other = open_store().read_models()
    other.ensure(wider)
    assert other.shape(other.state("orders")) == TABLE.shape != wider.shape
    assert other.renew(wider)
    assert other.state("orders") == ModelState("orders", 2, 0)
    assert other.shape(other.state("orders")) == wider.shape
    assert other.commit(other.state("orders"), [Row("b", ("v", 1, None, "7"), b"{}")], 1)
    assert keys(other, sort="number", where=(((("phone", "=", "7"),),),)) == ["{}"]
    assert not other.renew(wider)
    assert other.state("orders").position == 1
    assert other.kept("orders") == ModelState("orders", 1, 1)


def test_two_processes_project_one_read_model_in_turn(open_store):
    first, second = open_store().read_models(), open_store().read_models()
    first.ensure(TABLE)
    second.ensure(TABLE)
    state = second.state("orders")
    assert first.commit(first.state("orders"), [row("a", document=b"a")], 3)
    assert not second.commit(state, [row("a", document=b"b")], 3)
    assert second.commit(second.state("orders"), [row("b", document=b"b")], 4)
    assert keys(first, sort="number") == ["b", "a"]


def test_rows_can_be_removed_with_the_position(models):
    fill(models, row("a"), row("b"), row("c"))
    state = models.state("orders")
    assert models.commit(state, [row("d")], 9, gone=["a", "c", "unknown"])
    assert list(documents(models, state)) == ["b", "d"]
    assert models.commit(models.state("orders"), [], 10, gone=["b"])
    assert list(documents(models, state)) == ["d"]


def test_who_comes_second_removes_nothing(models):
    state = models.state("orders")
    fill(models, row("a"))
    assert not models.commit(state, [], 9, gone=["a"])
    assert list(documents(models, state)) == ["a"]


SALES = Table("sales", {"show": str, "sold": int, "money": int}, sums=("sold", "money"))


@pytest.fixture
def sales(store):
    store.read_models().ensure(SALES)
    return store.read_models()


def add(sales, *rows):
    state = sales.state("sales")
    assert sales.commit(state, [Row(key, columns) for key, columns in rows], state.position + 1)


def test_rows_that_add_up_add_their_numbers_to_those_there(sales):
    add(sales, ("a", ("show", 2, 5_000_000_000)), ("b", ("other", 1, 1)))
    add(sales, ("a", ("show", 3, -1)))
    assert rows_of(sales, sales.state("sales")) == [
        Row("a", ("show", 5, 4_999_999_999)),
        Row("b", ("other", 1, 1)),
    ]


def test_a_row_that_has_come_to_nought_is_not_there(sales):
    add(sales, ("a", ("show", 2, 10)), ("b", ("show", 1, 1)))
    add(sales, ("a", ("show", -2, -10)))
    assert [each.key for each in rows_of(sales, sales.state("sales"))] == ["b"]
    assert [each.key for each in sales.page("sales", Page(sort="show"))] == ["b"]
    where = (((("show", "=", "show"),),),)
    assert [each.key for each in sales.page("sales", Page(sort="show", where=where))] == ["b"]


def test_a_page_shows_rows_whole(sales):
    add(sales, ("a", ("show", 2, 10)))
    assert sales.page("sales", Page(sort="show")) == [Row("a", ("show", 2, 10))]


def test_what_is_not_made_is_unavailable(store):
    """Tickets are sold all the same: a sale asks only what else its vendor holds."""
    with pytest.raises(StoreUnavailable):
        store.read_models().state("orders")
