//! A PostgreSQL server of a test's own, which can be stopped and started.

use super::installed;
use super::process::{Process, run, signal};
use super::server::Settings;
use super::wait::until;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const WITHIN: Duration = Duration::from_secs(60);
pub const PASSWORD: &str = "a-secret-word";

pub struct Postgres {
    home: TempDir,
    port: u16,
    process: Option<Process>,
}

impl Postgres {
    pub async fn start() -> Postgres {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a port is free").port();
        let data = home.path().join("data");
        std::fs::create_dir(&data).expect("a directory can be made");
        std::fs::write(home.path().join("password"), PASSWORD).expect("a file can be written");
        if is_root() {
            // The server refuses to be root, and its user must get to its directory.
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(home.path(), open).expect("permissions can be set");
            finish(Command::new("chown").arg("postgres").arg(&data));
        }
        let mut postgres = Postgres { home, port, process: None };
        let mut init = postgres.program("initdb");
        init.args(["--no-sync", "--username=postgres", "--auth=scram-sha-256", "--pwfile"]);
        finish(init.arg(postgres.home.path().join("password")).arg("-D").arg(&data));
        postgres.go_on().await;
        postgres
    }

    fn program(&self, name: &str) -> Command {
        let program = installed("OCELLI_TEST_POSTGRES_DIR").join(name);
        let mut command = match is_root() {
            true => {
                let mut as_user = Command::new("setpriv");
                as_user.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
                as_user
            }
            false => Command::new(program),
        };
        command.current_dir("/").env("PGPASSWORD", PASSWORD).env("LC_ALL", "C.UTF-8");
        command
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Starts it, on the same port each time.
    pub async fn go_on(&mut self) {
        let mut server = self.program("postgres");
        server.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        let mut process = Process::start(&mut server);
        until("PostgreSQL listens", WITHIN, async || {
            if let Some(status) = process.exit() {
                panic!("PostgreSQL ended with {status}: {}", process.stderr());
            }
            let said = process.stderr();
            if said.contains("ready to accept connections") { Ok(()) } else { Err(said) }
        })
        .await;
        self.process = Some(process);
    }

    /// Ends it; connections are cut off.
    pub fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            signal("INT", process.pid());
            process.wait(WITHIN);
        }
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// A server that keeps its catalog here.
    pub fn settings(&self) -> Settings {
        Settings::serve().with(&["--catalog", &self.url()]).environment(&[("PGPASSWORD", PASSWORD)])
    }

    /// The one value that a query gives.
    pub fn value(&self, sql: &str) -> String {
        let mut psql = self.program("psql");
        psql.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-tAc", sql]);
        finish(&mut psql).trim().to_owned()
    }
}

/// Runs a command that must succeed; what it said on stdout.
fn finish(command: &mut Command) -> String {
    let ended = run(command, b"", WITHIN);
    assert!(ended.status.success(), "{command:?}: {ended:?}");
    ended.stdout
}

fn is_root() -> bool {
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|process| process.uid() == 0)
}
