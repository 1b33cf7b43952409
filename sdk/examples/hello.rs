//! The smallest instrumented service: `cargo run -p ocelli-sdk --example hello`, then
//! `curl http://127.0.0.1:3000/hello/ada` and `curl http://127.0.0.1:3000/metrics`.

use axum::{Router, extract::Path, routing::get};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = ocelli_sdk::init("hello")?;
    let routes = Router::new().route("/hello/{name}", get(hello));
    let app = telemetry.http_server(routes).route("/metrics", telemetry.metrics_handler());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    axum::serve(listener, app).with_graceful_shutdown(ocelli_sdk::stop_signal()).await?;
    Ok(telemetry.shutdown().await?)
}

async fn hello(Path(name): Path<String>) -> String {
    tracing::info!(name, "greeting");
    format!("hello {name}\n")
}
