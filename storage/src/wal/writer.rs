//! The one thread that writes the WAL: takes what waits, writes it with one fsync, makes it
//! readable, and only then answers.

use super::file::WalFile;
use super::frame::{self, FILE_HEADER, Header, Previous};
use super::join::{Joined, Refused, join};
use super::ledger::WalLedger;
use super::payload::Encoder;
use super::queue::{Queue, Work};
use crate::disk::Disk;
use crate::error::{Error, IoContext, Result};
use arrow::array::RecordBatch;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A record that is durable.
#[derive(Debug)]
pub struct Committed {
    pub header: Header,
    pub rows: RecordBatch,
}

/// Where durable records go, in sequence order, before their senders are answered.
pub type Apply = Box<dyn FnMut(Committed) + Send>;

/// What the writer needs.
pub struct WalParts {
    pub disk: Arc<dyn Disk>,
    pub queue: Arc<Queue>,
    pub ledger: Arc<Mutex<WalLedger>>,
    pub next_sequence: u64,
    /// The last file there is.
    pub previous: Previous,
    pub file_bytes: u64,
    pub apply: Apply,
}

/// The running thread.
#[derive(Debug)]
pub struct WalWriter {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl WalWriter {
    pub fn start(parts: WalParts) -> Result<WalWriter> {
        let queue = parts.queue.clone();
        let mut writing =
            Writing { parts, file: None, encoder: Encoder::default(), buffer: Vec::new(), uncut: None };
        let abandon = Abandon(queue.clone());
        let thread = std::thread::Builder::new()
            .name("ocelli-wal".into())
            .spawn(move || {
                let _abandon = abandon;
                writing.run();
            })
            .map_err(|error| Error::unavailable(format_args!("no thread for the WAL: {error}")))?;
        Ok(WalWriter { queue, thread: Some(thread) })
    }

    /// Takes nothing in any more, and waits until what waited is written.
    pub fn stop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

impl Drop for WalWriter {
    fn drop(&mut self) {
        self.stop();
    }
}

/// When the thread ends, also by a panic, nobody is left waiting for it.
struct Abandon(Arc<Queue>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

struct Writing {
    parts: WalParts,
    file: Option<WalFile>,
    encoder: Encoder,
    buffer: Vec<u8>,
    /// A file that failed, and the length up to which it holds what was acknowledged.
    uncut: Option<(PathBuf, u64)>,
}

impl Writing {
    fn run(&mut self) {
        loop {
            let Work { appends, rotations, closed } = self.parts.queue.take();
            if !appends.is_empty() {
                self.commit(join(appends));
            }
            if !rotations.is_empty() {
                self.close_file();
            }
            for done in rotations {
                // Who asked may have gone.
                let _ = done.send(());
            }
            if closed {
                return self.close_file();
            }
        }
    }

    fn commit(&mut self, joined: Vec<Result<Joined, Refused>>) {
        let mut records = Vec::with_capacity(joined.len());
        for outcome in joined {
            match outcome {
                Ok(record) => records.push(record),
                Err(Refused { reason, answers }) => refuse(answers, || Error::invalid(&reason)),
            }
        }
        let written = self.write(&records);
        self.ledger().set_failure(written.as_ref().err().map(Error::to_string));
        match written {
            Ok(headers) => self.publish(headers, records),
            Err(error) => {
                tracing::error!(%error, "WAL write failed; nothing of this group is acknowledged");
                let answers = records.into_iter().flat_map(|record| record.answers);
                refuse(answers, || Error::unavailable(&error));
            }
        }
    }

    /// Encodes the records and makes them durable with one write and one fsync.
    fn write(&mut self, records: &[Joined]) -> Result<Vec<Header>> {
        let salt = self.open_file()?.salt();
        self.buffer.clear();
        let mut headers = Vec::with_capacity(records.len());
        for record in records {
            let header = Header {
                sequence: self.parts.next_sequence,
                signal: record.signal,
                covers: record.covers,
                tenant: record.tenant.to_string(),
            };
            self.parts.next_sequence += 1;
            let payload = self.encoder.encode(&record.rows)?;
            frame::encode(&header, salt, &payload, &mut self.buffer);
            headers.push(header);
        }
        let disk = self.parts.disk.clone();
        let buffer = std::mem::take(&mut self.buffer);
        let outcome = self.open_file()?.append(disk.as_ref(), &buffer);
        self.buffer = buffer;
        if outcome.is_err() {
            self.uncut = self.file.as_ref().and_then(WalFile::uncut);
            self.close_file();
        }
        outcome.map(|()| headers)
    }

    /// Cuts what a failed write has left: its senders were refused and will send again. Until that is
    /// done nothing is acknowledged.
    fn cut(&mut self) -> Result<()> {
        if let Some((path, bytes)) = &self.uncut {
            self.parts.disk.truncate(path, *bytes).context("truncate", path)?;
            self.uncut = None;
        }
        Ok(())
    }

    fn ledger(&self) -> MutexGuard<'_, WalLedger> {
        self.parts.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&mut self, headers: Vec<Header>, records: Vec<Joined>) {
        if let Some(file) = &self.file {
            let mut ledger = self.ledger();
            ledger.set_bytes(file.first_sequence(), file.bytes());
            headers.iter().for_each(|header| ledger.add_record(file.first_sequence(), header));
        }
        for (header, record) in headers.into_iter().zip(records) {
            let sequence = header.sequence;
            (self.parts.apply)(Committed { header, rows: record.rows });
            // A sender that went away no longer wants to know.
            record.answers.into_iter().for_each(|answer| drop(answer.send(Ok(sequence))));
        }
    }

    /// The file to write to: a new one after the last was filled, poisoned or closed.
    fn open_file(&mut self) -> Result<&mut WalFile> {
        if self.file.as_ref().is_some_and(|file| file.bytes() >= self.parts.file_bytes) {
            self.close_file();
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                self.cut()?;
                let file =
                    WalFile::create(self.parts.disk.as_ref(), self.parts.next_sequence, self.parts.previous)?;
                self.ledger().begin_file(file.first_sequence(), file.bytes());
                file
            }
        };
        Ok(self.file.insert(file))
    }

    fn close_file(&mut self) {
        if let Some(file) = self.file.take() {
            if file.bytes() > FILE_HEADER as u64 {
                self.parts.previous = Previous { first_sequence: file.first_sequence(), bytes: file.bytes() };
            }
            self.ledger().end_file();
        }
    }
}

fn refuse(
    answers: impl IntoIterator<Item = tokio::sync::oneshot::Sender<Result<u64>>>,
    error: impl Fn() -> Error,
) {
    answers.into_iter().for_each(|answer| drop(answer.send(Err(error()))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::MemoryDisk;
    use crate::paths;
    use crate::test_rows;
    use crate::wal::queue::Append;
    use crate::wal::replay::{Finding, scan};
    use ocelli_signal::{Batch, Signal};
    use std::path::Path;
    use tokio::sync::oneshot;

    struct Rig {
        disk: MemoryDisk,
        queue: Arc<Queue>,
        applied: Arc<Mutex<Vec<u64>>>,
        writer: WalWriter,
    }

    fn rig(file_bytes: u64) -> Rig {
        let disk = MemoryDisk::default();
        disk.create_dir_all(Path::new(paths::WAL)).unwrap();
        let queue = Arc::new(Queue::new(1 << 20));
        let applied = Arc::new(Mutex::new(Vec::new()));
        let seen = applied.clone();
        let writer = WalWriter::start(WalParts {
            disk: Arc::new(disk.clone()),
            queue: queue.clone(),
            ledger: Arc::default(),
            next_sequence: 1,
            previous: Previous::default(),
            file_bytes,
            apply: Box::new(move |record| seen.lock().unwrap().push(record.header.sequence)),
        });
        Rig { disk, queue, applied, writer: writer.unwrap() }
    }

    fn send(queue: &Queue, from: usize) -> Result<u64> {
        let (answer, done) = oneshot::channel();
        let batch = Batch { signal: Signal::Logs, rows: test_rows::batch(Signal::Logs, from, 3) };
        queue.push(Append { tenant: "default".into(), batch, covers: 0, bytes: 100, answer })?;
        done.blocking_recv().unwrap()
    }

    fn rows_on_disk(disk: &MemoryDisk) -> usize {
        let mut rows = 0;
        for file in scan(disk).unwrap() {
            let mut records = file.open(disk).unwrap();
            while let Some(finding) = records.next().unwrap() {
                match finding {
                    Finding::Record { header, payload } => {
                        rows += crate::wal::decode(header.signal, payload).unwrap().num_rows();
                    }
                    // A file whose header did not fit.
                    Finding::Torn { .. } => {}
                    Finding::Damage { .. } => panic!("{finding:?}"),
                }
            }
        }
        rows
    }

    #[test]
    fn records_are_applied_in_order_and_files_rotate() {
        let mut rig = rig(64);
        for n in 0..5 {
            send(&rig.queue, n * 3).unwrap();
        }
        rig.writer.stop();
        assert_eq!(*rig.applied.lock().unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!(scan(&rig.disk).unwrap().len(), 5, "each record fills a file of 64 bytes");
        assert_eq!(rows_on_disk(&rig.disk), 15);
    }

    #[test]
    fn a_failed_fsync_acknowledges_nothing_and_leaves_nothing() {
        let rig = rig(1 << 20);
        send(&rig.queue, 0).unwrap();
        rig.disk.fail_syncs(true);
        assert!(matches!(send(&rig.queue, 3), Err(Error::Unavailable { .. })));
        assert!(matches!(send(&rig.queue, 3), Err(Error::Unavailable { .. })));
        rig.disk.fail_syncs(false);
        send(&rig.queue, 3).unwrap();
        assert_eq!(rows_on_disk(&rig.disk), 6, "the refused rows are there once, from the retry");
        assert_eq!(rig.applied.lock().unwrap().len(), 2);
    }

    #[test]
    fn a_full_disk_acknowledges_nothing_leaves_nothing_and_recovers_by_itself() {
        let rig = rig(1 << 20);
        send(&rig.queue, 0).unwrap();
        for room in [1, 40, 300] {
            rig.disk.set_capacity(Some(rig.disk.used() + room));
            for _ in 0..2 {
                let refused = send(&rig.queue, 3);
                assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
            }
            rig.disk.set_capacity(None);
            assert_eq!(rows_on_disk(&rig.disk), rig.applied.lock().unwrap().len() * 3, "{room} bytes left");
            send(&rig.queue, 3).unwrap();
        }
        assert_eq!(rows_on_disk(&rig.disk), 12);
    }

    #[test]
    fn where_no_file_can_be_begun_nothing_is_acknowledged_until_one_can() {
        let mut rig = rig(1 << 20);
        send(&rig.queue, 0).unwrap();
        // The write, the cut and every new file fail, until the disk is back.
        rig.disk.fail_from(rig.disk.changes() + 1);
        for _ in 0..3 {
            assert!(matches!(send(&rig.queue, 3), Err(Error::Unavailable { .. })));
        }
        rig.disk.fail_from(u64::MAX);
        send(&rig.queue, 3).unwrap();
        rig.writer.stop();
        assert_eq!(rows_on_disk(&rig.disk), 6, "half a record of a refused group was cut");
    }
}
