//! The HTTP door: health and metrics. What it serves tells nothing of data, users or rules.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::health::Health;
use crate::telemetry::metrics::Metrics;

/// What the pages are made from.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Whether the server may be asked.
    pub health: Arc<Health>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
}

/// The pages.
pub fn router(pages: Pages) -> Router {
    Router::new()
        .route("/livez", get(|| async { "live\n" }))
        .route("/startupz", get(readyz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(pages)
}

async fn readyz(State(pages): State<Pages>) -> Response {
    let state = pages.health.state();
    let code = if state.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, axum::Json(state)).into_response()
}

async fn metrics(State(pages): State<Pages>) -> Response {
    match pages.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
