//! The HTTP door: health and metrics, which tell nothing of data, users or rules; and for those with a token, attributes.

pub mod attributes;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::health::Health;
use crate::store::revision::Revisions;
use crate::telemetry::metrics::Metrics;
use crate::token::Tokens;

/// What the pages are made from.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Whether the server may be asked.
    pub health: Arc<Health>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The revisions, for the attributes of the one that answers.
    pub revisions: Arc<Revisions>,
    /// Who may see and forget attributes; `None`: nobody.
    pub tokens: Option<Arc<Tokens>>,
}

/// The pages.
pub fn router(pages: Pages) -> Router {
    Router::new()
        .route("/livez", get(|| async { "live\n" }))
        .route("/startupz", get(readyz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .nest("/admin/attributes", attributes::router(&pages))
        .with_state(pages)
}

async fn readyz(State(pages): State<Pages>) -> Response {
    let state = pages.health.state();
    let code = if state.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, axum::Json(state)).into_response()
}

async fn metrics(State(pages): State<Pages>) -> Response {
    if let Some(revision) = pages.revisions.current() {
        for source in revision.attributes.sources() {
            source.measure();
        }
    }
    match pages.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
