//! Sends the metrics of one run to a product, request by request as they are made.

use super::Arguments;
use crate::common::bodies::monitored::{self, LONG_STEP_S, SCRAPE_S, SERIES_OF_A_PROCESS};
use crate::common::bodies::{FIRST_NS, Kind, NANOS_PER_S};
use crate::common::process::peak_mib;
use crate::common::send::send_all;
use crate::product::Product;
use crate::server::Server;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;
use std::fmt;
use std::path::Path;

/// Requests that are made before they are sent.
const AHEAD: usize = 200;
/// Processes whose scrape is one request.
const PROCESSES: usize = 10;
/// Minutes of all long series that are one request.
const MINUTES: u64 = 10;
/// Series of which one request has a sample: those of one pod.
const POD: usize = 1000;
/// Each of the many series has a sample this long before the end …
const SAMPLES_BEFORE_END_S: [u64; 2] = [75, 15];

/// How much of each kind there is.
pub struct Load {
    processes: usize,
    scrapes: u64,
    pods: usize,
    days: u64,
    long: usize,
}

impl Load {
    pub fn of(arguments: &Arguments) -> Load {
        Load {
            processes: arguments.series.div_ceil(SERIES_OF_A_PROCESS).max(1),
            scrapes: (arguments.hours.max(1) * 3600) / SCRAPE_S,
            pods: arguments.many.div_ceil(POD).max(1),
            days: arguments.days.max(1),
            long: arguments.long.max(1),
        }
    }

    pub fn begin_s(&self) -> u64 {
        *FIRST_NS / NANOS_PER_S
    }

    /// The last whole minute of the scraped series.
    pub fn end_s(&self) -> u64 {
        self.begin_s() + self.scrapes * SCRAPE_S - 60
    }

    pub fn days(&self) -> u64 {
        self.days
    }

    /// The number of the pod in the middle.
    pub fn some_pod(&self) -> usize {
        self.pods / 2
    }

    fn requests(&self) -> impl Iterator<Item = ExportMetricsServiceRequest> + '_ {
        let minutes = (self.days * 24 * 3600 / LONG_STEP_S).div_ceil(MINUTES);
        let long = (0..minutes)
            .map(|part| monitored::long(self.days, self.long, part * MINUTES..(part + 1) * MINUTES));
        let scrapes = (0..self.scrapes).flat_map(move |scrape| {
            let parts = (0..self.processes).step_by(PROCESSES);
            parts.map(move |first| monitored::scrape(scrape, first..(first + PROCESSES).min(self.processes)))
        });
        let many = SAMPLES_BEFORE_END_S.into_iter().flat_map(|before_s| {
            let at_s = self.end_s() - self.begin_s() - before_s;
            (0..self.pods).map(move |pod| monitored::many(pod * POD..(pod + 1) * POD, at_s))
        });
        long.chain(scrapes).chain(many)
    }

    /// Sends all, has it written and merged, and stops the product.
    pub async fn send(&self, product: &dyn Product, dir: &Path) -> anyhow::Result<()> {
        let server = Server::start(product, dir).await?;
        let url = product.push_url(&server.at, Kind::Points);
        let mut requests = self.requests();
        loop {
            let bodies: Vec<Vec<u8>> =
                requests.by_ref().take(AHEAD).map(|request| request.encode_to_vec()).collect();
            if bodies.is_empty() {
                break;
            }
            send_all(&url, &bodies).await?;
        }
        server.settle().await?;
        let peak_mib = peak_mib(server.pid())?;
        let cpu_s = server.stop()? + product.merge_stopped(&dir.join("data"))?;
        println!("{} took it in: {cpu_s:.0} s of CPU, {peak_mib:.0} MiB at the peak.", product.name());
        Ok(())
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Load { processes, scrapes, pods, days, long } = self;
        let (series, hours) = (processes * SERIES_OF_A_PROCESS, scrapes * SCRAPE_S / 3600);
        let many = pods * POD;
        write!(
            f,
            "{series} series every {SCRAPE_S} s for {hours} h, {long} every {LONG_STEP_S} s for {days} days, {many} with two samples"
        )
    }
}
