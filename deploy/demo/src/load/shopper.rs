//! What the shoppers of the plan do at the gateway.

use std::{collections::HashMap, sync::Mutex};

use axum::http::StatusCode;
use serde_json::Value;
use tracing::Instrument;

use crate::{
    catalogue::customer,
    contracts::{Checkout, Line, Login, Receipt, Session},
    failure::Failure,
    load::plan::Action,
    peer::Peer,
};

/// All shoppers, and who of them is logged in.
pub(crate) struct Shoppers {
    gateway: Peer,
    tokens: Mutex<HashMap<i64, String>>,
}

impl Shoppers {
    pub(crate) fn new(gateway: Peer) -> Self {
        Shoppers { gateway, tokens: Mutex::default() }
    }

    /// One action is one trace, whatever comes of it.
    pub(crate) async fn act(&self, action: Action) {
        let span = match &action {
            Action::List | Action::View { .. } => tracing::info_span!(parent: None, "browse"),
            Action::LogIn { .. } => tracing::info_span!(parent: None, "log in"),
            Action::Order { .. } => tracing::info_span!(parent: None, "place order"),
        };
        async {
            if let Err(failure) = self.try_to(action).await {
                tracing::warn!(status = failure.status.as_u16(), "the shopper leaves: {}", failure.reason);
                if failure.status.is_server_error() {
                    ocelli_sdk::fail(failure.status.as_str(), failure.reason);
                }
            }
        }
        .instrument(span)
        .await;
    }

    async fn try_to(&self, action: Action) -> Result<(), Failure> {
        match action {
            Action::List => {
                let _: Value = self.gateway.get("/api/products", "/api/products").await?;
            }
            Action::View { sku } => {
                let path = format!("/api/products/{sku}");
                let _: Value = self.gateway.get("/api/products/{sku}", &path).await?;
            }
            Action::LogIn { customer, wrong_passphrase } => {
                self.log_in(customer, wrong_passphrase).await?;
            }
            Action::Order { customer, lines, card } => self.order(customer, lines, card).await?,
        }
        Ok(())
    }

    async fn log_in(&self, id: i64, wrong_passphrase: bool) -> Result<String, Failure> {
        let profile = customer(id);
        let passphrase = if wrong_passphrase { "swordfish".to_owned() } else { profile.passphrase };
        let login = Login { email: profile.email, passphrase };
        let session: Session = self.gateway.post("/api/login", "/api/login", &login).await?;
        self.tokens().insert(id, session.token.clone());
        Ok(session.token)
    }

    /// Logs in where that is needed: never done, or the session is over.
    async fn order(&self, id: i64, lines: Vec<Line>, card: String) -> Result<(), Failure> {
        let known = self.tokens().get(&id).cloned();
        let token = match known {
            Some(token) => token,
            None => self.log_in(id, false).await?,
        };
        let checkout = Checkout { lines, card };
        let placed: Result<Receipt, Failure> = self.gateway.post_as(&token, "/api/orders", &checkout).await;
        match placed {
            Err(failure) if failure.status == StatusCode::UNAUTHORIZED => {
                self.tokens().remove(&id);
                Err(failure)
            }
            outcome => outcome.map(drop),
        }
    }

    /// A panic while the lock was held leaves a map that is still good.
    fn tokens(&self) -> std::sync::MutexGuard<'_, HashMap<i64, String>> {
        self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
