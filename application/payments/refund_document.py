"""A refund as the documented answers show it."""

from application.payments.document_types import RefundDocument
from application.read_models.refunds import RefundOfOrder
from application.runtime.amounts import written_amount
from application.runtime.clock import written


def refund_document(shown: RefundOfOrder) -> RefundDocument:
    """The documented JSON object of a refund."""
    refund = shown.refund
    return {
        "created_at": written(refund.created_at),
        "culprit": refund.culprit.value,
        "id": refund.id,
        "order": shown.order,
        "org": shown.org,
        "payment_system": shown.payment_system,
        "status": refund.status.value,
        "tickets_refund": list(refund.tickets),
        "tickets": list(refund.stay),
        "updated_at": written(refund.updated_at),
        "value": written_amount(refund.value),
        "vendor": shown.vendor,
    }
