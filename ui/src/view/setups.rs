//! What to paste so that the first signal arrives. The addresses are those that this server listens on.

use ocelli_api::ingest::Listener;

/// One way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// For a terminal or a source file, whole.
    pub text: String,
}

/// `http://host:port` of a listener, or the port that is the default.
fn address(listeners: &[Listener], name: &str, default: &str) -> String {
    let found = listeners.iter().find(|listener| listener.name == name);
    format!("http://{}", found.map_or(default, |listener| listener.address.as_str()))
}

pub fn setups(listeners: &[Listener]) -> Vec<Setup> {
    let http = address(listeners, "otlp_http", "127.0.0.1:4318");
    let grpc = address(listeners, "otlp_grpc", "127.0.0.1:4317");
    let fill = |template: &str| template.replace("{http}", &http).replace("{grpc}", &grpc);
    TEMPLATES.iter().map(|(name, about, template)| Setup { name, about, text: fill(template) }).collect()
}

const TEMPLATES: [(&str, &str, &str); 9] = [
    (
        "curl",
        "One log record as OTLP/JSON, to see that it works.",
        r#"curl -sS {http}/v1/logs -H 'content-type: application/json' -d '{"resourceLogs":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},
  "scopeLogs":[{"logRecords":[{"timeUnixNano":"'$(date +%s)'000000000",
    "severityNumber":9,"severityText":"INFO","body":{"stringValue":"the first signal"}}]}]}]}'"#,
    ),
    (
        "Any SDK",
        "Environment variables that every OpenTelemetry SDK reads.",
        "export OTEL_SERVICE_NAME=my-service
export OTEL_EXPORTER_OTLP_ENDPOINT={http}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
# or over gRPC:
# export OTEL_EXPORTER_OTLP_ENDPOINT={grpc}
# export OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
    ),
    (
        "Standard output",
        "Take the log lines of any program, JSON or plain, without changing it.",
        "ocelli run -- ./my-service --its-flags
# or through a pipe:
./my-service 2>&1 | ocelli pipe --service my-service",
    ),
    (
        "Python",
        "Traces, metrics and logs without a change of code.",
        "pip install opentelemetry-distro opentelemetry-exporter-otlp
opentelemetry-bootstrap -a install
OTEL_SERVICE_NAME=my-service OTEL_EXPORTER_OTLP_ENDPOINT={http} \\
OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true \\
  opentelemetry-instrument --logs_exporter otlp python app.py",
    ),
    (
        "Node.js",
        "Traces of HTTP, databases and queues without a change of code.",
        "npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node
OTEL_SERVICE_NAME=my-service OTEL_EXPORTER_OTLP_ENDPOINT={http} \\
OTEL_METRICS_EXPORTER=otlp OTEL_LOGS_EXPORTER=otlp \\
  node --require @opentelemetry/auto-instrumentations-node/register app.js",
    ),
    (
        "Java",
        "The OpenTelemetry agent.",
        "curl -LO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar
OTEL_SERVICE_NAME=my-service OTEL_EXPORTER_OTLP_ENDPOINT={http} \\
  java -javaagent:opentelemetry-javaagent.jar -jar app.jar",
    ),
    (
        "Go",
        "go get go.opentelemetry.io/otel/sdk go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp",
        "// The exporter reads OTEL_EXPORTER_OTLP_ENDPOINT={http} and OTEL_SERVICE_NAME=my-service
exporter, err := otlptracehttp.New(ctx)
if err != nil { log.Fatal(err) }
provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
defer provider.Shutdown(ctx)
otel.SetTracerProvider(provider)",
    ),
    (
        "Rust",
        "Traces, metrics, JSON logs and /metrics in one call: cargo add ocelli-sdk",
        "// OTEL_EXPORTER_OTLP_ENDPOINT={http}
let telemetry = ocelli_sdk::init(\"my-service\")?; // keep it until the end of main",
    ),
    (
        ".NET",
        "dotnet add package OpenTelemetry.Extensions.Hosting, OpenTelemetry.Exporter.OpenTelemetryProtocol, OpenTelemetry.Instrumentation.AspNetCore",
        "// OTEL_SERVICE_NAME=my-service OTEL_EXPORTER_OTLP_ENDPOINT={grpc}
builder.Services.AddOpenTelemetry()
    .WithTracing(t => t.AddAspNetCoreInstrumentation().AddOtlpExporter())
    .WithMetrics(m => m.AddAspNetCoreInstrumentation().AddOtlpExporter())
    .WithLogging(l => l.AddOtlpExporter());",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_are_those_of_this_server() {
        let listener = Listener { name: "otlp_http".into(), address: "127.0.0.1:9".into() };
        let setups = setups(&[listener]);
        assert!(setups.iter().any(|setup| setup.text.contains("http://127.0.0.1:9/v1/logs")));
        assert!(setups.iter().any(|setup| setup.text.contains("http://127.0.0.1:4317")));
        assert!(setups.iter().all(|setup| !setup.text.contains("{http}") && !setup.text.contains("{grpc}")));
    }
}
