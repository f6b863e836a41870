"""The schema of what a catalogue file says about partners for their pages.

Each value has the form in which it is shown; nothing else is made of it.
"""

from typing import Any

from marshmallow import Schema, fields, missing, validate

from application.catalog.file_fields import Flag, text
from application.catalog.page_fields import (
    MOST_ADDRESS,
    MOST_PROSE,
    Media,
    desc,
    given,
    optional,
    tags,
)
from application.catalog.pages import PartnerPage, no_contact

MOST_PHONES = 20


class ContactIn(Schema):
    """How to reach a partner."""

    address = optional("Its postal address.", MOST_PROSE)
    email = optional("Its e-mail address.")
    name = optional("Whom to ask for.")
    phones = fields.List(
        text(),
        validate=validate.Length(max=MOST_PHONES),
        load_default=list,
        metadata={"description": "Its telephone numbers."},
    )
    www = optional("The address of its site.", MOST_ADDRESS)


class _BankIn(Schema):
    """A partner's bank account. The API shows exactly the fields that are given."""

    bik = given("The code of the bank (BIK).")
    ks = given("The bank's correspondent account.")
    name = given("The name of the bank.")
    rs = given("The number of the account.")


class _DetailIn(Schema):
    """The registered data of a partner. The API shows exactly the fields that are given."""

    address = given("The registered address.", MOST_PROSE)
    inn = given("The number of the taxpayer (INN).")
    kpp = given("The reason code of its registration (KPP).")
    name = given("The registered name.")
    nds = Flag("Whether it pays value added tax (NDS).", load_default=missing)
    ogrn = given("The registration number of a company (OGRN).")
    ogrnip = given("The registration number of an entrepreneur (OGRNIP).")
    taxes = given("The system of taxation.")
    type = given("The legal form in these data.")


class _SignatoryIn(Schema):
    """Who signs for a partner. The API shows exactly the fields that are given."""

    name = given("The name of the person.")
    position = given("The person's position.")
    reason = given("On what grounds the person signs, such as the charter.")


class LegalIn(Schema):
    """The legal data of a partner, for those who may sell its events."""

    bank = fields.Nested(_BankIn, load_default=dict, metadata={"description": "Its bank account."})
    detail = fields.Nested(
        _DetailIn, load_default=dict, metadata={"description": "Its registered data."}
    )
    type = text("The legal form, such as ru/ip.")
    who = fields.Nested(
        _SignatoryIn, load_default=dict, metadata={"description": "Who signs for it."}
    )


class PartnerPageIn(Schema):
    """The fields of a partner that are for pages."""

    contact = fields.Nested(
        ContactIn, load_default=no_contact, metadata={"description": "How to reach it."}
    )
    desc = desc()
    media = Media(load_default=dict)
    tags = tags()
    legal = fields.Nested(
        LegalIn,
        load_default=None,
        allow_none=True,
        metadata={"description": "Its legal data, which those who may sell its events can read."},
    )


def partner_page(data: dict[str, Any]) -> PartnerPage:
    """The page of a partner, which is taken out of its loaded fields."""
    return PartnerPage(**{name: data.pop(name) for name in PartnerPage.__struct_fields__})
