//! `cargo xtask bench`: benchmarks, one file each in this folder.

mod alerts;
mod ingest;
mod peers;
mod storage;

use anyhow::{Result, bail};

use crate::paths::Paths;

struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&Paths, &[String]) -> Result<()>,
}

/// Add a benchmark: a file in this folder, and its line here.
const BENCHES: &[Bench] = &[
    Bench {
        name: "ingest",
        about: "items per core-second with fsync, bytes per item, memory; a number sets how many items of each kind",
        run: ingest::run,
    },
    Bench {
        name: "storage",
        about: "rows per core-second of append, flush and compaction, bytes per row, read times; a number sets how many rows",
        run: storage::run,
    },
    Bench {
        name: "peers",
        about: "the same beside VictoriaLogs, VictoriaTraces and VictoriaMetrics, which are built by Go; --rounds N, --only SIGNAL",
        run: peers::run,
    },
    Bench {
        name: "promql",
        about: "latency of PromQL and of selectors over 1 M series beside VictoriaMetrics; --series, --hours, --many, --days, --times, --only TEXT, --keep DIR",
        run: peers::run_promql,
    },
    Bench {
        name: "search",
        about: "latency of log searches over 10 M records beside VictoriaLogs; --logs N, --times, --only TEXT, --keep DIR",
        run: peers::run_search,
    },
    Bench {
        name: "alerts",
        about: "evaluation of rules, dispatch, messages, and objectives over a month; --series, --rules, --alerts, --letters, --days, --only PART",
        run: alerts::run,
    },
];

/// Runs the one that is named; without a name, or with a wrong one, says which there are.
pub fn run(paths: &Paths, name: Option<&str>, arguments: &[String]) -> Result<()> {
    if let Some(bench) = BENCHES.iter().find(|bench| Some(bench.name) == name) {
        return (bench.run)(paths, arguments);
    }
    for bench in BENCHES {
        println!("{:<12} {}", bench.name, bench.about);
    }
    match name {
        Some(name) => bail!("there is no benchmark called {name}; `cargo xtask bench` lists them"),
        None => Ok(()),
    }
}
