"""The pages that the package carries, and folders of a caller's own."""

import json
import shutil

import pytest
from source import ROOT

from interface.conform.pages import (
    FIRST,
    OWN,
    BadTranscript,
    names_for,
    own_pages,
    pages_in,
    read_names,
)

CANCEL = json.loads((OWN / "cancel.json").read_bytes())


def test_the_package_carries_eleven_pages_and_the_contract():
    pages = {page.name: page for page in own_pages()}
    assert len(pages) == 12
    assert all(page.setup.catalog for page in pages.values())
    assert sum(len(page.exchanges) for page in pages.values()) == 25


def test_the_contract_that_is_carried_is_the_one_that_the_service_is_held_to():
    held = ROOT / "tests" / "journey" / "carry_out.json"
    assert json.loads(FIRST.read_bytes()) == json.loads(held.read_bytes())


def test_a_page_of_a_known_name_needs_what_the_package_says(tmp_path):
    shutil.copy(OWN / "cancel.json", tmp_path)
    (tmp_path / "other.json").write_text(json.dumps(CANCEL[:1]), encoding="utf-8")
    cancel, other = pages_in(tmp_path)
    assert cancel.setup.catalog
    assert other.setup.catalog is None
    (tmp_path / "cancel.yaml").write_text("known: []", encoding="utf-8")
    assert pages_in(tmp_path)[0].setup.catalog is None


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("page.json", "", "truncated"),
        ("page.json", "[", "truncated"),
        ("page.json", "{}", "array"),
        ("page.json", "[]", "has no exchanges"),
        ("page.json", '[{"title": "One"}]', "request"),
        ("page.json", json.dumps(CANCEL).replace("PATCH", "PA TCH"), "method"),
        ("page.json", json.dumps(CANCEL).replace("/v1", "v1"), "path"),
        ("cancel.yaml", "[", "is not YAML"),
        ("cancel.yaml", "other: 1", "other"),
        ("cancel.yaml", "scenes: [{exchanges: 1}]", "1 exchanges, the page 2"),
        ("cancel.yaml", "known: [{name: one}]", "field"),
    ],
)
def test_a_file_of_another_form_is_refused_by_its_name(tmp_path, name, text, words):
    if name == "cancel.yaml":
        shutil.copy(OWN / "cancel.json", tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadTranscript, match=rf"(?s){name.split('.')[0]}.*{words}"):
        pages_in(tmp_path)


def test_a_folder_without_pages_is_refused(tmp_path):
    with pytest.raises(BadTranscript, match=r"has no file NAME\.json"):
        pages_in(tmp_path)


def test_names_are_given_page_by_page(tmp_path):
    file = tmp_path / "names.yaml"
    file.write_text("'*': {a: one, b: two}\ncancel: {a: three}\n", encoding="utf-8")
    names = read_names(file)
    assert names_for("cancel", names) == {"a": "three", "b": "two"}
    assert names_for("general", names) == {"a": "one", "b": "two"}
    file.write_text("cancel: one", encoding="utf-8")
    with pytest.raises(BadTranscript, match="names"):
        read_names(file)
