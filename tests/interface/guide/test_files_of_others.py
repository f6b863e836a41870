"""What the page of the API is made of is as its authors published it, with its licences."""

import hashlib

from source import ROOT

VENDOR = ROOT / "interface" / "guide" / "static" / "vendor"
SUMS = {
    "swagger-ui-bundle.js": "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
}
LICENCES = {"swagger-ui.LICENSE", "swagger-ui.NOTICE", "swagger-ui-bundle.js.LICENSE.txt"}


def test_files_of_others_are_as_they_were_published():
    for name, digest in SUMS.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_they_come_with_their_licences_and_nothing_else():
    assert {each.name for each in VENDOR.iterdir()} == {*SUMS, *LICENCES, "README.md"}
    said = (VENDOR / "README.md").read_text(encoding="utf-8")
    assert all(f"`{each}`" in said for each in SUMS.keys() | LICENCES)
