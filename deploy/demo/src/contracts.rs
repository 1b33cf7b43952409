//! The JSON that the processes exchange. Amounts are in cents.

use serde::{Deserialize, Serialize};

/// load → gateway → auth.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Login {
    pub(crate) email: String,
    pub(crate) passphrase: String,
}

/// A token: auth → gateway → load after a log-in, gateway → auth to be checked.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Session {
    pub(crate) token: String,
}

/// auth → gateway → order: who a token belongs to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Customer {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) tier: String,
}

/// One line of an order.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) quantity: u32,
}

/// load → gateway.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Checkout {
    pub(crate) lines: Vec<Line>,
    pub(crate) card: String,
}

/// gateway → order.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct NewOrder {
    pub(crate) customer: Customer,
    pub(crate) lines: Vec<Line>,
}

/// order → gateway.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct PlacedOrder {
    pub(crate) order_id: i64,
    pub(crate) total_cents: i64,
}

/// order → inventory: keep these back for an order.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Reservation {
    pub(crate) order_id: i64,
    pub(crate) lines: Vec<Line>,
}

/// inventory → order.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Reserved {
    pub(crate) total_cents: i64,
}

/// gateway → payment.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct PaymentRequest {
    pub(crate) order_id: i64,
    pub(crate) amount_cents: i64,
    pub(crate) card: String,
}

/// payment → gateway → order.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Payment {
    pub(crate) payment_id: String,
}

/// order → queue → notification.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct OrderPaid {
    pub(crate) order_id: i64,
    pub(crate) total_cents: i64,
    pub(crate) email: String,
}

/// gateway → load.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Receipt {
    pub(crate) order_id: i64,
    pub(crate) total_cents: i64,
    pub(crate) payment_id: String,
}

/// A question or a command that has nothing more to say.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Nothing {}
