//! Reads what a process prints, passes it on, and makes log requests of it.

use super::sender::{Queue, Request};
use ocelli_collector::stdout::{LineParser, Stream};
use ocelli_collector::system_time;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How much is read at once.
const CHUNK_BYTES: usize = 64 << 10;
/// A request of this size is sent at once …
const REQUEST_BYTES: usize = 256 << 10;
/// … and a smaller one after so long.
const LINGER: Duration = Duration::from_millis(200);

/// Whether what is read is also printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    Yes,
    No,
}

/// Reads both streams to their ends. Fails only when a stream can't be read.
pub async fn forward(
    queue: Queue,
    service: &str,
    mut stdout: impl AsyncRead + Unpin,
    mut stderr: impl AsyncRead + Unpin,
    echo: Echo,
) -> io::Result<()> {
    let mut parser = LineParser::new(service);
    let (mut out_chunk, mut err_chunk) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
    let (mut out_open, mut err_open) = (true, true);
    let mut ticks = tokio::time::interval(LINGER);
    while out_open || err_open {
        tokio::select! {
            read = stdout.read(&mut out_chunk), if out_open => {
                let bytes = &out_chunk[..read?];
                out_open = !bytes.is_empty();
                print(echo, tokio::io::stdout(), bytes).await;
                parser.push_bytes(bytes, Stream::Stdout, system_time());
            }
            read = stderr.read(&mut err_chunk), if err_open => {
                let bytes = &err_chunk[..read?];
                err_open = !bytes.is_empty();
                print(echo, tokio::io::stderr(), bytes).await;
                parser.push_bytes(bytes, Stream::Stderr, system_time());
            }
            _ = ticks.tick() => {
                parser.finish_due(system_time());
                send(&mut parser, &queue);
            }
        }
        if parser.ready_bytes() > REQUEST_BYTES {
            send(&mut parser, &queue);
        }
    }
    parser.finish(system_time());
    send(&mut parser, &queue);
    Ok(())
}

/// Who reads our output may be gone; the records are wanted all the same.
async fn print(echo: Echo, mut to: impl AsyncWrite + Unpin, bytes: &[u8]) {
    if echo == Echo::Yes && to.write_all(bytes).await.is_ok() {
        let _ = to.flush().await;
    }
}

fn send(parser: &mut LineParser, queue: &Queue) {
    let records = parser.ready_records() as u64;
    if let Some(body) = parser.take_request() {
        queue.put(Request { body: body.into(), records });
    }
}
