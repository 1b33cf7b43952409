//! A real Alertmanager of a test's own.

use super::api::Api;
use super::process::Process;
use super::wait::until;
use super::{installed, target_dir};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const WITHIN: Duration = Duration::from_secs(60);

/// Debian's build reads this file by its absolute path, whatever its configuration says.
const TEMPLATE: &str = "/usr/share/prometheus/alertmanager/default.tmpl";

/// Where the package is only unpacked, the program sees its files at their place, and nobody else does: the package's
/// folder is laid over the machine's in a name space of its own.
const OVERLAID: &str = "mount -t overlay overlay -o lowerdir=\"$0\":/usr/share /usr/share && exec \"$@\"";

pub struct Alertmanager {
    pub api: Api,
    /// They end with it.
    _process: Process,
    _home: TempDir,
}

impl Alertmanager {
    /// The program is `OCELLI_TEST_ALERTMANAGER`; another one can be tried by naming it there.
    pub async fn start_with(yaml: &str) -> Alertmanager {
        let home = tempfile::tempdir_in(target_dir()).expect("a temporary directory can be made");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address: SocketAddr = port.expect("a port is free");
        let config = home.path().join("alertmanager.yml");
        std::fs::write(&config, yaml).expect("a file can be written");
        let mut command = command(&installed("OCELLI_TEST_ALERTMANAGER"));
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.path={}", home.path().join("data").display()));
        command.arg(format!("--web.listen-address={address}")).arg("--cluster.listen-address=");
        let mut process = Process::start(command.current_dir(home.path()));
        let api = Api::new(address);
        until("Alertmanager is ready", WITHIN, async || {
            if let Some(status) = process.exit() {
                panic!("Alertmanager ended with {status}: {}", process.stderr());
            }
            let ready = reqwest::get(api.url("/-/ready")).await.map_err(|error| error.to_string())?;
            if ready.status().is_success() { Ok(()) } else { Err(ready.status().to_string()) }
        })
        .await;
        Alertmanager { api, _process: process, _home: home }
    }
}

fn command(program: &Path) -> Command {
    // <package>/usr/bin/<program>
    let share = program.ancestors().nth(2).map(|usr| usr.join("share")).unwrap_or_default();
    let is_unpacked = share.join("prometheus/alertmanager").is_dir();
    if Path::new(TEMPLATE).is_file() || !is_unpacked {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", OVERLAID]).arg(share).arg(program);
    command
}
