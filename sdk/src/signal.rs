//! The request to end, as a process gets it.

/// Waits for SIGTERM or SIGINT (Ctrl-C), for a server's graceful shutdown:
/// `axum::serve(listener, app).with_graceful_shutdown(ocelli_sdk::stop_signal())`. Where signals can't be
/// watched it waits for ever, so that a service doesn't end because of it.
pub async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            return;
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    std::future::pending().await
}
