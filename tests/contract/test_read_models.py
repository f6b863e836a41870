import pytest

from application.store import ModelState, Page, Row, Table

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


def documents(models, state):
    return {each.key: each.document for each in models.scan(state)}


def test_a_new_read_model_stands_at_the_beginning(models):
    assert models.state("orders") == ModelState("orders", 1, 0)
    assert keys(models, sort="number") == []


def test_making_it_again_keeps_what_is_there(models):
    fill(models, row("a"))
    models.ensure(TABLE)
    assert models.state("orders").position == 1
    assert len(keys(models, sort="number")) == 1


def test_a_table_of_another_version_of_the_service_is_filled_again(models, open_store):
    fill(models, row("a"))
    wider = Table("orders", {**TABLE.columns, "phone": str}, (*TABLE.indexes, ("phone",)))
    other = open_store().read_models()
    other.ensure(wider)
    assert other.state("orders") == ModelState("orders", 2, 0)
    assert other.commit(other.state("orders"), [Row("b", ("v", 1, None, "7"), b"{}")], 1)
    assert keys(other, sort="number", where=(((("phone", "=", "7"),),),)) == ["{}"]
    other.ensure(wider)
    assert other.state("orders").position == 1


def test_rows_and_position_are_written_together(models):
    state = models.state("orders")
    assert models.commit(state, [row("a", document=b"\x00\xff"), row("b")], 7)
    assert models.state("orders").position == 7
    assert list(models.scan(state)) == [row("a", document=b"\x00\xff"), row("b")]


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
    models.stop(models.state("orders"), "unknown fact")
    assert models.state("orders").stopped == "unknown fact"
    fill(models, row("a"))
    assert models.state("orders").stopped is None


def numbered(models, count):
    fill(
        models,
        *(
            row(f"k{n}", "even" if n % 2 == 0 else "odd", n // 2, n, f"{n}".encode())
            for n in range(count)
        ),
    )


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


def test_a_scan_goes_over_all_rows_by_key(models):
    numbered(models, 2500)
    scanned = documents(models, models.state("orders"))
    assert list(scanned) == sorted(f"k{n}" for n in range(2500))
    assert scanned["k17"] == b"17"


def test_a_rebuilt_model_shows_only_once_it_is_swapped_in(models):
    fill(models, row("a", document=b"old"))
    fresh = models.begin_rebuild(TABLE)
    assert fresh == ModelState("orders", 2, 0)
    assert models.commit(fresh, [row("a", document=b"new")], 9)
    assert models.reload(fresh) == ModelState("orders", 2, 9)
    assert keys(models, sort="number") == ["old"]
    models.swap(fresh)
    assert keys(models, sort="number") == ["new"]
    assert models.state("orders") == ModelState("orders", 2, 9)


def test_what_an_earlier_rebuild_left_is_dropped(models):
    left = models.begin_rebuild(TABLE)
    models.commit(left, [row("a")], 3)
    fresh = models.begin_rebuild(TABLE)
    assert models.reload(fresh).position == 0
    assert documents(models, fresh) == {}


def test_it_can_be_rebuilt_again_and_again(models):
    for generation in (2, 3, 4):
        fresh = models.begin_rebuild(TABLE)
        models.commit(fresh, [row("a", document=b"%d" % generation)], generation)
        models.swap(fresh)
        assert keys(models, sort="number") == [str(generation)]


def test_two_processes_feed_one_read_model_in_turn(open_store):
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
    assert list(sales.scan(sales.state("sales"))) == [
        Row("a", ("show", 5, 4_999_999_999)),
        Row("b", ("other", 1, 1)),
    ]


def test_a_row_that_has_come_to_nought_is_not_there(sales):
    add(sales, ("a", ("show", 2, 10)), ("b", ("show", 1, 1)))
    add(sales, ("a", ("show", -2, -10)))
    assert [each.key for each in sales.scan(sales.state("sales"))] == ["b"]
    assert [each.key for each in sales.page("sales", Page(sort="show"))] == ["b"]
    where = (((("show", "=", "show"),),),)
    assert [each.key for each in sales.page("sales", Page(sort="show", where=where))] == ["b"]


def test_a_page_shows_rows_whole(sales):
    add(sales, ("a", ("show", 2, 10)))
    assert sales.page("sales", Page(sort="show")) == [Row("a", ("show", 2, 10))]
