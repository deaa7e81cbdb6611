//! What is known of a user, and forgetting it: for those whose token the configuration names.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tracing::info;

use crate::attributes::Needed;
use crate::attributes::shown::Shown;
use crate::http::Pages;
use crate::model::name::Name;
use crate::model::subject::Identity;

/// Whose attributes are forgotten, at which source; left out: everybody's, at every source.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Forget {
    /// The user, as Trino names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Whose attributes are shown.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The user, as Trino names them.
    pub user: String,
}

/// The pages; every one of them asks for a token first.
pub(super) fn router(pages: &Pages) -> Router<Pages> {
    // Names of users stand in bodies, not in addresses, which are logged on the way.
    Router::new()
        .route("/invalidate", post(invalidate))
        .route("/show", post(show))
        .layer(middleware::from_fn_with_state(pages.clone(), admit))
}

async fn admit(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let Some(tokens) = &pages.tokens else {
        return refused(StatusCode::NOT_FOUND, "this server has no `http.tokens`, so that nobody may ask this");
    };
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if tokens.accept(authorization) {
        next.run(request).await
    } else {
        refused(StatusCode::UNAUTHORIZED, "a token that this server accepts is needed")
    }
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(serde_json::json!({ "error": why }))).into_response()
}

async fn invalidate(State(pages): State<Pages>, forget: Result<Json<Forget>, JsonRejection>) -> Response {
    let Ok(Json(forget)) = forget else {
        return refused(StatusCode::BAD_REQUEST, "a body such as {\"user\": \"jay\", \"source\": \"hr\"} is needed");
    };
    let source = match forget.source.as_deref().map(Name::new) {
        Some(None) => return refused(StatusCode::BAD_REQUEST, "the source has no name"),
        Some(Some(source)) => Some(source),
        None => None,
    };
    let forgotten: Vec<String> = pages.revisions.sources().forget(forget.user.as_deref(), source.as_ref());
    if forgotten.is_empty() && source.is_some() {
        return refused(StatusCode::NOT_FOUND, "there is no such source");
    }
    info!(sources = ?forgotten, one_user = forget.user.is_some(), "attributes forgotten");
    Json(serde_json::json!({ "sources": forgotten })).into_response()
}

async fn show(State(pages): State<Pages>, show: Result<Json<Show>, JsonRejection>) -> Response {
    let Ok(Json(Show { user })) = show else {
        return refused(StatusCode::BAD_REQUEST, "a body such as {\"user\": \"jay\"} is needed");
    };
    let Some(revision) = pages.revisions.current() else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "no revision is loaded");
    };
    let (attributes, snapshot) = (&revision.attributes, &revision.snapshot);
    let needed = Needed { attributes: attributes.declared().to_vec(), groups: true };
    match attributes.resolve(Identity::of_user(&user), &needed, None).await {
        Ok(known) => Json(Shown::new(attributes, &known, |name| snapshot.rules_that_use(name))).into_response(),
        Err(gone) => refused(StatusCode::INTERNAL_SERVER_ERROR, &gone.to_string()),
    }
}
