//! The clock and arrivals in `/metrics`.

use super::{Arrivals, SteadyClock};
use ocelli_signal::Signal;
use prometheus::{Gauge, GaugeVec, Opts, Registry};

pub fn register(clock: &SteadyClock, arrivals: &Arrivals, registry: &Registry) -> prometheus::Result<()> {
    let help = "How far the system's clock is ahead of the time that is believed.";
    let jump = Gauge::new("ocelli_clock_jump_seconds", help)?;
    jump.set(clock.jump_ns() as f64 / 1e9);
    registry.register(Box::new(jump))?;
    let lag = "How long before now nearly all data of a signal has arrived; rules over events look no later.";
    let lag = GaugeVec::new(Opts::new("ocelli_ingest_lag_seconds", lag), &["signal"])?;
    registry.register(Box::new(lag.clone()))?;
    let last = "When something of a signal arrived last.";
    let last = GaugeVec::new(Opts::new("ocelli_ingest_last_arrival_timestamp_seconds", last), &["signal"])?;
    registry.register(Box::new(last.clone()))?;
    let now_ns = clock.now_ns();
    for signal in Signal::ALL {
        let label = [signal.as_str()];
        lag.with_label_values(&label).set(arrivals.lag_ms(signal, now_ns) as f64 / 1e3);
        arrivals.last_ns(signal).iter().for_each(|ns| last.with_label_values(&label).set(*ns as f64 / 1e9));
    }
    Ok(())
}
