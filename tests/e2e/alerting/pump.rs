//! Services that tell of themselves twice a second, to whichever server runs.

use crate::harness::now_ns;
use crate::harness::otlp::{self, NumberDataPoint, attribute, number_data_point, text};
use crate::harness::sender::Sender;
use crate::harness::server::Server;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

const EVERY: Duration = Duration::from_millis(500);

#[derive(Default)]
struct State {
    services: BTreeMap<String, f64>,
    servers: Vec<String>,
}

pub struct Pump {
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Pump {
    pub fn start(servers: &[&Server]) -> Pump {
        let state = Arc::<Mutex<State>>::default();
        let task = tokio::spawn(run(state.clone()));
        let pump = Pump { state, task };
        pump.to(servers);
        pump
    }

    /// These are sent to from now on.
    pub fn to(&self, servers: &[&Server]) {
        self.state.lock().unwrap().servers = servers.iter().map(|server| server.push_url()).collect();
    }

    pub fn set(&self, service: &str, value: f64) {
        self.state.lock().unwrap().services.insert(service.to_owned(), value);
    }

    pub fn set_all(&self, value: f64) {
        self.state.lock().unwrap().services.values_mut().for_each(|known| *known = value);
    }

    /// A service says nothing more.
    pub fn mute(&self, service: &str) {
        self.state.lock().unwrap().services.remove(service);
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(state: Arc<Mutex<State>>) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let (services, servers) = {
            let state = state.lock().unwrap();
            (state.services.clone(), state.servers.clone())
        };
        let now = now_ns();
        let point = |(service, value): (&String, &f64)| NumberDataPoint {
            attributes: vec![attribute("service", text(service))],
            value: Some(number_data_point::Value::AsDouble(*value)),
            ..otlp::int_point(now, 0)
        };
        let request = otlp::gauge("prober", "fault", services.iter().map(point).collect());
        for server in servers {
            // One that was killed takes nothing; the next point is for the one that follows.
            let _ = Sender::new(&server).try_send(&request).await;
        }
    }
}
