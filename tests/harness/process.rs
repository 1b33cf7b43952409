//! Child processes: started with their output collected, ended by signals, never left behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The binary under test.
pub fn ocelli() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ocelli"));
    // The settings of who runs the tests are not the server's.
    let foreign = |key: &str| ["OTEL_", "AWS_", "PG"].iter().any(|prefix| key.starts_with(prefix));
    for (key, _) in std::env::vars_os().filter(|(key, _)| foreign(&key.to_string_lossy())) {
        command.env_remove(key);
    }
    command
}

/// A child whose output is read as it comes. Dropping it kills the child.
pub struct Process {
    child: Child,
    out: Arc<Mutex<Vec<String>>>,
    err: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

/// How a child ended and what it said.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Process {
    pub fn start(command: &mut Command) -> Process {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{command:?} can't be started: {error}"));
        let (out, err) = (Arc::default(), Arc::default());
        let readers = vec![
            collect(child.stdout.take().expect("stdout is piped"), &out),
            collect(child.stderr.take().expect("stderr is piped"), &err),
        ];
        Process { child, out, err, readers }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The lines on stdout until now.
    pub fn stdout_lines(&self) -> Vec<String> {
        self.out.lock().expect("no reader panics").clone()
    }

    pub fn stderr(&self) -> String {
        self.err.lock().expect("no reader panics").join("\n")
    }

    pub fn exit(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// `kill -9`, and it is gone when this returns.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        signal("TERM", self.pid());
    }

    /// Waits until it has ended, and its output with it.
    pub fn wait(mut self, within: Duration) -> Ended {
        let started = Instant::now();
        let status = loop {
            match self.exit() {
                Some(status) => break status,
                None if started.elapsed() > within => {
                    panic!("it did not end within {within:?}; stderr: {}", self.stderr())
                }
                None => thread::sleep(LOOK_EVERY),
            }
        };
        for reader in self.readers.drain(..) {
            reader.join().expect("no reader panics");
        }
        Ended { status, stdout: self.stdout_lines().join("\n"), stderr: self.stderr() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end with this standard input.
pub fn run(command: &mut Command, input: &[u8], within: Duration) -> Ended {
    command.stdin(Stdio::piped());
    let mut process = Process::start(command);
    let mut stdin = process.child.stdin.take().expect("stdin is piped");
    // A command that does not read its input may be gone already.
    let _ = stdin.write_all(input);
    drop(stdin);
    process.wait(within)
}

/// Sends a signal by its name. The shell's own `kill` is there on every machine.
pub fn signal(name: &str, pid: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    assert!(status.expect("sh can be started").success(), "process {pid} can't be sent {name}");
}

/// Processes whose parent is `pid`.
pub fn children_of(pid: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("/proc is there");
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|candidate| parent_of(*candidate) == Some(pid)).collect()
}

/// Whether a process is there and not only waits for its end to be noted.
pub fn is_running(pid: u32) -> bool {
    fields_of(pid).is_some_and(|fields| !fields.starts_with('Z'))
}

fn parent_of(pid: u32) -> Option<u32> {
    fields_of(pid)?.split_whitespace().nth(1)?.parse().ok()
}

/// State, parent, … of `/proc/PID/stat`: what follows the name, which may hold anything.
fn fields_of(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ").map(|(_, fields)| fields.to_owned())
}

fn collect(from: impl Read + Send + 'static, into: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let into = into.clone();
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            into.lock().expect("no reader panics").push(String::from_utf8_lossy(&line).into_owned());
        }
    })
}
