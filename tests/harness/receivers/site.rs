//! A web server of a test's own that can be gone for a while and come back at the same address.

use super::super::wait::until;
use axum::Router;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

const WITHIN: Duration = Duration::from_secs(10);

pub struct Site {
    pub address: SocketAddr,
    app: Router,
    /// Of its own, so that stopping it cuts every connection, also those whose handler hangs.
    running: Option<Runtime>,
}

impl Site {
    pub fn start(app: Router) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let running = Some(serve(listener, app.clone()));
        Site { address, app, running }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// When it is done, connections are refused.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown_background();
        }
        until("the receiver is gone", WITHIN, async || match TcpStream::connect(self.address) {
            Ok(_) => Err("it is still there".to_owned()),
            Err(_) => Ok(()),
        })
        .await;
    }

    pub async fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let bind = async || TcpListener::bind(self.address).map_err(|error| error.to_string());
        let listener = until("the receiver's port is free", WITHIN, bind).await;
        self.running = Some(serve(listener, self.app.clone()));
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // A runtime must not be dropped where tasks run.
        if let Some(running) = self.running.take() {
            running.shutdown_background();
        }
    }
}

fn serve(listener: TcpListener, app: Router) -> Runtime {
    let running = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let running = running.expect("a runtime can be made");
    listener.set_nonblocking(true).expect("a socket can wait");
    running.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("it listens");
        axum::serve(listener, app).await
    });
    running
}
