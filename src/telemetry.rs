//! What the server says about itself: logs, traces by OTLP under the standard `OTEL_*` variables, metrics.

pub mod metrics;
pub mod sources;

use std::io::IsTerminal;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{Log, LogFormat};

/// Keeps the exporter alive; dropping it sends what is left.
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces
            && let Err(error) = traces.shutdown()
        {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Starts logging, and tracing when an OTLP endpoint is named. Called once, inside the runtime.
pub fn start(log: &Log, environment: &[(String, String)]) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_new(&log.level).map_err(|error| format!("log.level: {error}"))?;
    let lines = match log.format {
        LogFormat::Text => {
            let colours = std::io::stderr().is_terminal();
            tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours).boxed()
        }
        LogFormat::Json => tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).boxed(),
    };
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let traces = exporter(environment)?;
    let spans = traces.as_ref().map(|traces| {
        let tracer = traces.tracer("meshward");
        // Only this crate's own spans: what libraries say about themselves is not a step of a request.
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(EnvFilter::new("off,meshward=info"))
    });
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(spans)
        .try_init()
        .map_err(|error| error.to_string())?;
    Ok(Telemetry { traces })
}

fn exporter(environment: &[(String, String)]) -> Result<Option<SdkTracerProvider>, String> {
    let value = |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let named =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].iter().any(|name| value(name).is_some());
    if !named || value("OTEL_SDK_DISABLED") == Some("true") || value("OTEL_TRACES_EXPORTER") == Some("none") {
        return Ok(None);
    }
    // The exporter and the SDK read endpoint, headers, timeout, sampler and resource from the environment themselves.
    let exporter =
        opentelemetry_otlp::SpanExporter::builder().with_tonic().build().map_err(|error| error.to_string())?;
    let resource = opentelemetry_sdk::Resource::builder();
    let resource = match value("OTEL_SERVICE_NAME") {
        Some(_) => resource,
        None => resource.with_service_name("meshward"),
    };
    Ok(Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build()))
}
